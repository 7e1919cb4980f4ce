#!/usr/bin/env bash
# What the tests need beside the .NET SDK, and how it comes here. Sourced by ./test, with $root set.
: "${root:?}"

# The oldest Node that the official clients support. Debian 12 has an older one.
oldest_node=20

node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }

node_is_recent() { [ "$(node_major)" -ge "$oldest_node" ] 2>/dev/null; }

# Debian packages, when this is root; else says which they are.
install_packages() {
  local needed=()
  command -v curl >/dev/null || needed+=(curl)
  command -v cbc >/dev/null || needed+=(coinor-cbc)
  command -v chromium >/dev/null || needed+=(chromium)
  command -v pdftotext >/dev/null || needed+=(poppler-utils)
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || needed+=(nginx-light)
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || needed+=(postgresql)
  command -v node >/dev/null || needed+=(nodejs)
  command -v npm >/dev/null || needed+=(npm)
  [ ${#needed[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "test: these Debian packages are needed; as root: apt-get install ${needed[*]}" >&2
    return 1
  fi
  echo "Installing ${needed[*]} ..."
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${needed[@]}" >/dev/null
}

# Where the machine's Node is too old, npm brings a newer one: the package "node" holds the binary.
install_node() {
  node_is_recent && return 0
  local folder=$root/artifacts/node
  PATH=$folder/node_modules/node/bin:$PATH
  export PATH
  hash -r
  node_is_recent && return 0
  echo "Installing Node 22 beside the machine's $(node --version 2>/dev/null) ..."
  npm install --prefix "$folder" --no-audit --no-fund --silent node@22
  hash -r
  node_is_recent || { echo "test: Node $oldest_node or newer is needed, and npm could not bring it" >&2; return 1; }
}

# The official clients that the tests drive, in the versions of the lock file.
install_clients() {
  local clients=$root/tests/clients
  if [ -f "$clients/package-lock.json" ] \
    && ! cmp -s "$clients/package-lock.json" "$clients/node_modules/.lock"; then
    (cd "$clients" && npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.lock)
  fi
}

install_tools() {
  mkdir -p "$root/artifacts"
  install_packages
  install_node
  install_clients
}
