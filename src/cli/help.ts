/** What `fullmakt --help` prints. */
export const help: string = `fullmakt: sign users in, act on their behalf, act as yourself, trust what arrives

  fullmakt up [dir]                       every program on this machine, from a folder of manifests
                                          (without dir: ./fullmakt or ./examples)
      --json                              one JSON document on standard output once ready; the rest on standard error
      --without <namespace>/<app>         do not start this app's dev command (run it yourself, see below); repeatable
  fullmakt run <namespace>/<app> -- <command...>
                                          any command, in any language, with that app's environment
      --dir <dir>                         the folder that fullmakt up runs on
  fullmakt validate [path...]             read manifests and print every problem with file, line and column
  fullmakt explain <consumer> <target>    may the one get a token for the other, and if not, which line would allow it
      --provider tokenx|azure             default tokenx
      --dir <dir>                         the folder of manifests
  fullmakt exchange                       TokenX, the token exchange server, alone: one process or several, on files or PostgreSQL
  fullmakt login                          the login proxy alone, before one application or a whole domain
  fullmakt sidecar                        the token endpoints of one application alone, beside it
  fullmakt idp                            local ID-porten, Entra ID and Maskinporten alone, for the tests of any application
  fullmakt idp env                        how programs are told to believe their certificates
  fullmakt --help, fullmakt exchange --help, fullmakt login --help, fullmakt sidecar --help,
  fullmakt idp --help, fullmakt --version

Settings of fullmakt up are environment variables, or lines in <dir>/fullmakt.env: see docs/configuration.md.
Exit codes: 0 done, 1 an error in a manifest, or a refusal, 2 wrong usage, 4 could not start, 78 a setting that is unsafe,
or with login and sidecar one that cannot be used.
`;

/** What `fullmakt idp --help` prints. */
export const idpHelp: string = `fullmakt idp: local identity providers that sign anybody in, for tests; nothing else of Fullmakt is needed

  fullmakt idp                  start ID-porten, Entra ID and Maskinporten; prints where they are; Ctrl-C stops them
      --persona <name>          start this one too: openid, oidf-basic, oidf-fapi2, oidf-cc; repeatable
      --only <name>             start this one in place of the three; repeatable
      --clients <file>          YAML or JSON with the clients they know, by persona (more come by the control API)
      --dir <folder>            the folder of keys, CA, people and control token (without: .fullmakt); keep it between runs
      --json                    one JSON document on standard output once ready; the rest on standard error
      --allow-non-loopback      may listen where others can reach them; the control API never does
  fullmakt idp env              shell lines by which programs believe their CA: eval "$(fullmakt idp env)"
      --dir <folder>, --json
  fullmakt idp certificate      a business certificate for tests, for clients of Maskinporten and ID-porten without keys
      --orgno <nine digits>     the organisation it names
      --out <folder>            where certificate, key and JWK go (without: the current folder)
      --dir <folder>

Flags win over the environment: every setting is a variable FULLMAKT_IDP_..., see docs/configuration.md.
Exit codes: 0 stopped, 2 wrong usage, 4 could not start (a port is taken, a file is damaged), 78 an address or issuer
is unsafe, or there is no such clients file.
`;

/** What `fullmakt exchange --help` prints. */
export const exchangeHelp: string = `fullmakt exchange: TokenX, the token exchange server (RFC 8693)

  fullmakt exchange             start the server; Ctrl-C or SIGTERM lets it finish what it began
      --workers <n>             so many processes on one port, one for each core at most
      --dir <folder>            its folder: embedded store, audit log, revocation journal (without: .fullmakt-exchange)
      --json                    one JSON document on standard output once ready; the rest on standard error
  fullmakt exchange issuers     the issuers whose tokens may be exchanged, and whether they are on
  fullmakt exchange issuers disable|enable <name>
                                all processes follow within two seconds
  fullmakt exchange rewrap      seals every private key again, TokenX's own and those of
                                applications, under the first key-encryption key
  fullmakt exchange import <clients.json>
                                clients, keys and rules from what GET /registration/client of a tokendings server answers
      --keys <jwks.json>        its public keys too: tokens it issued stay good until they end
      --dry-run                 says what would be written
      --dir <folder>, --json    as above, for each of these

Settings are variables FULLMAKT_EXCHANGE_..., see docs/configuration.md; one is required:
  FULLMAKT_EXCHANGE_ISSUER      the issuer of the tokens: https://tokenx.example.no, or http://localhost:7440
and these make it a server of several machines:
  FULLMAKT_EXCHANGE_STORE       postgres://user:password@host/database
  FULLMAKT_EXCHANGE_KEY_ENCRYPTION_KEYS
                                32 bytes in base64, the same for all: openssl rand -base64 32
  FULLMAKT_EXCHANGE_ISSUERS     who signs users in, as JSON:
                                [{"name":"idporten","wellKnown":"https://...","bind":{"clientId":"@registry"}}]
Names of a tokendings server (ISSUER_URL, DB_JDBC_URL, ...) are read with FULLMAKT_EXCHANGE_COMPAT=tokendings.
Exit codes: 0 stopped, 2 wrong usage, 4 could not start (a setting is wrong, a port taken, the database away).
`;
