# Sourced by launch/quickstart and launch/test: makes .venv and installs the exact versions.
#
#   set_up EXTRAS     EXTRAS is empty or e.g. "dev"
#
# Idempotent: when constraints.txt, pyproject.toml, the interpreter and the place of the clone
# are those of the last complete installation, nothing is installed and no network is used.
# Variables a user may set:
#   PYTHON            the interpreter that makes .venv (default: the first of 3.11-3.13 found)
#   SUFFICE_VENV      where the environment goes (default: .venv in the clone)

say() { printf '[suffice] %s\n' "$*" >&2; }

die() { printf 'suffice: %s\n' "$*" >&2; exit 2; }

readonly TORCH_CPU_INDEX="https://download.pytorch.org/whl/cpu"

usable_python() {
  "$1" -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
  local name
  if [[ -n "${PYTHON:-}" ]]; then
    usable_python "$PYTHON" || die "PYTHON=$PYTHON is not a Python 3.11, 3.12 or 3.13 with venv."
    printf '%s' "$PYTHON"
    return
  fi
  for name in python3 python3.11 python3.12 python3.13 python; do
    if usable_python "$name"; then printf '%s' "$name"; return; fi
  done
  die "No Python 3.11, 3.12 or 3.13 with venv found; install one or name it with PYTHON=/path/to/python."
}

has_gpu() { command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q GPU; }

pinned() { sed -n "s/^$1==//p" constraints.txt; }

# Torch goes first: the packages after it must find it, and on Linux the plain package index
# serves the CUDA build (gigabytes that a machine without a GPU never uses).
install_torch() {
  local python="$1" want="torch==$(pinned torch)"
  if "$python" -c "import importlib.metadata as m, sys; \
sys.exit(m.version('torch').split('+')[0] != '$(pinned torch)')" 2>/dev/null; then
    say "$want is already there"
  elif [[ "$(uname -s)" != Linux ]] || has_gpu; then
    say "installing $want"
    "$python" -m pip install --quiet --constraint constraints.txt "$want"
  elif "$python" -m pip install --quiet --no-deps --no-index "$want" 2>/dev/null; then
    say "installed $want from a local folder that pip is set up with"
  elif "$python" -c "import urllib.request as u; u.urlopen('$TORCH_CPU_INDEX/torch/', timeout=10)" \
    2>/dev/null; then
    say "installing $want, the CPU build, from $TORCH_CPU_INDEX"
    "$python" -m pip install --quiet --no-deps --index-url "$TORCH_CPU_INDEX" "$want"
  else
    say "installing $want from pip's own index ($TORCH_CPU_INDEX cannot be reached)"
    "$python" -m pip install --quiet --constraint constraints.txt "$want"
  fi
}

set_up() {
  local extras="$1" target="." venv="${SUFFICE_VENV:-.venv}" python stamp state
  [[ -z "$extras" ]] || target=".[$extras]"
  if [[ ! -x "$venv/bin/python" ]] || ! usable_python "$venv/bin/python"; then
    python="$(find_python)"
    say "making $venv with $("$python" --version)"
    "$python" -m venv --clear "$venv"
  fi
  python="$venv/bin/python"
  stamp="$venv/suffice-installed-${extras:-plain}"
  state="$("$python" --version; pwd; cat constraints.txt pyproject.toml)"
  if [[ -f "$stamp" && "$(cat "$stamp")" == "$state" ]]; then
    say "environment $venv is up to date"
  else
    say "installing into $venv (some minutes and about 2 GB the first time)"
    install_torch "$python"
    say "installing the other exact versions of constraints.txt"
    "$python" -m pip install --quiet --constraint constraints.txt --editable "$target"
    printf '%s\n' "$state" >"$stamp"
  fi
  # Absolute, so that commands may be started from anywhere.
  VENV_BIN="$(cd "$venv/bin" && pwd)"
}
