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
  fullmakt --help, --version

Settings of fullmakt up are environment variables, or lines in <dir>/fullmakt.env: see docs/configuration.md.
Exit codes: 0 done, 1 an error in a manifest, or a refusal, 2 wrong usage, 4 could not start.
`;
