# Sourced by what lets other people's programs at the built one: the doubles of the vendors, and a gateway in front of
# them by config/emulators.yaml, with builtin beside them, on ports that are free.  open_house PROGRAM PLACE
#
# Logs and state are in PLACE. Afterwards SOUNDGATE_DOUBLES and SOUNDGATE_GATEWAY are their addresses, SOUNDGATE_KEY is
# the key of a client that is asked for one, and all ends with the shell.

house_processes=()
close_house() {
  local process
  for process in "${house_processes[@]}"; do kill "$process" 2>/dev/null || true; done
  for process in "${house_processes[@]}"; do wait "$process" 2>/dev/null || true; done
}
trap close_house EXIT

# Waits for the line of a log that tells an address: await_address LOG PROCESS
await_address() {
  local address
  for _ in $(seq 300); do
    address=$(sed -nE 's/.*listening on[^h]*(http:[^;" ]*).*/\1/p' "$1" | head -n 1)
    if [ -n "$address" ]; then echo "$address"; return; fi
    kill -0 "$2" 2>/dev/null || break
    sleep 0.1
  done
  echo "house: nothing listens; see $1" >&2
  return 70
}

open_house() {
  local program place port doubles gateway
  program=$(realpath "$1")
  mkdir -p "$2"
  place=$(realpath "$2")
  rm -rf "$place/data"

  # Twenty times faster than the vendors.
  "$program" emulate --listen 127.0.0.1:0 --speed 20 >"$place/emulate.log" 2>&1 </dev/null &
  doubles=$!
  house_processes+=("$doubles")
  SOUNDGATE_DOUBLES=$(await_address "$place/emulate.log" "$doubles")

  # The doubles call back, so the port is chosen before the gateway is there.
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  SOUNDGATE_KEY=$("$program" client new tester --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')
  {
    sed -e "s|http://127.0.0.1:9090|$SOUNDGATE_DOUBLES|" -e "s|127.0.0.1:8080|127.0.0.1:$port|" \
      -e 's|^\( *builtin: { enabled:\) false|\1 true|' config/emulators.yaml
    printf 'clients:\n  - name: tester\n    admin: true\n    rate_limit: 10000/10s\n    key_sha256: "%s"\n' \
      "$(printf %s "$SOUNDGATE_KEY" | sha256sum | cut -d ' ' -f 1)"
  } >"$place/soundgate.yaml"
  (cd "$place" && exec "$program" serve --config soundgate.yaml >gateway.log 2>&1 </dev/null) &
  gateway=$!
  house_processes+=("$gateway")
  SOUNDGATE_GATEWAY=$(await_address "$place/gateway.log" "$gateway")
  export SOUNDGATE_DOUBLES SOUNDGATE_GATEWAY SOUNDGATE_KEY SOUNDGATE_PROGRAM=$program
  # Nothing of the caller's may reach other people's programs: no real key, and no way to a real vendor.
  unset VIDEOGEN_API_KEY ELEVENLABS_API_KEY http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
}
