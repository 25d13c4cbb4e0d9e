-- Asks fullmakt login about each request. The answer lies in variables of the transaction:
-- fullmakt_status, fullmakt_login, fullmakt_challenge, fullmakt_authorization, fullmakt_id_token.

local base = os.getenv("FULLMAKT_URL")
local check = base .. "/oauth2/session/forwardauth"

-- Of the connection or the body: they belong to the request that HAProxy holds, not to the question about it.
local unasked = { ["connection"] = true, ["upgrade"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
                  ["expect"] = true, ["te"] = true, ["keep-alive"] = true }

local function first(headers, name)
  local values = headers and headers[name]
  if values == nil then return nil end
  return values[0] or values[1]
end

local function follows_link(txn)
  if txn.f:method() ~= "GET" then return false end
  local mode = txn.f:req_hdr("sec-fetch-mode")
  local dest = txn.f:req_hdr("sec-fetch-dest")
  if mode == nil and dest == nil then
    local accept = txn.f:req_fhdr("accept") or ""
    return accept:lower():find("text/html", 1, true) ~= nil
  end
  return mode == "navigate" and dest == "document"
end

core.register_action("fullmakt", { "http-req" }, function(txn)
  local headers = {}
  for name, values in pairs(txn.http:req_get_headers()) do
    if not unasked[name] then
      headers[name] = {}
      for index, value in pairs(values) do headers[name][index + 1] = value end
    end
  end
  local host = first(headers, "host") or ""
  headers["x-original-url"] = { "https://" .. host .. txn.f:pathq() }
  headers["x-original-method"] = { txn.f:method() }

  local answer = core.httpclient():get { url = check, headers = headers, timeout = 5000 }
  local status = answer and answer.status or 0
  local login = first(answer and answer.headers, "location")
  if status == 401 and login ~= nil and follows_link(txn) then status = 302 end
  txn:set_var("txn.fullmakt_status", status)
  txn:set_var("txn.fullmakt_login", login or "")
  local challenge = first(answer and answer.headers, "www-authenticate")
  if challenge ~= nil then txn:set_var("txn.fullmakt_challenge", challenge) end
  local authorization = first(answer and answer.headers, "authorization")
  if authorization ~= nil then txn:set_var("txn.fullmakt_authorization", authorization) end
  local id_token = first(answer and answer.headers, "x-wonderwall-forward-auth-token")
  if id_token ~= nil then txn:set_var("txn.fullmakt_id_token", id_token) end
end)
