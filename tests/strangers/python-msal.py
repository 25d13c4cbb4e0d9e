"""Carries out one order for MSAL for Python: JSON on standard input, JSON on standard output."""

import json
import sys

import msal

order = json.load(sys.stdin)
application = msal.ConfidentialClientApplication(
    order["client_id"],
    authority=order["authority"],
    client_credential=order["credential"],
    instance_discovery=False,
)
call = order["call"]
if call == "client-credentials":
    answer = application.acquire_token_for_client(order["scopes"])
elif call == "on-behalf-of":
    answer = application.acquire_token_on_behalf_of(order["assertion"], order["scopes"])
elif call == "begin":
    answer = application.initiate_auth_code_flow(order["scopes"], redirect_uri=order["redirect_uri"])
elif call == "code":
    answer = application.acquire_token_by_auth_code_flow(order["flow"], order["answer"])
    accounts = application.get_accounts()
    renewed = application.acquire_token_silent(order["renew"], accounts[0], force_refresh=True) if accounts else None
    answer = {**answer, "renewed": renewed}
else:
    raise SystemExit("no such call: " + call)
json.dump(answer, sys.stdout)
