# Debian packages for building, testing and showing; sourced by run-tests and quickstart.
# None of them brings a service.

BUILD_PACKAGES="build-essential cmake ninja-build pkg-config perl libpam0g-dev libmaxminddb-dev \
libsqlite3-dev libmd-dev libxxhash-dev zlib1g-dev libcurl4-openssl-dev libssl-dev libjansson-dev libmicrohttpd-dev libgnutls28-dev libmaxmind-db-writer-perl libcmocka-dev"

# For the dashboard's pages. Node.js may come from elsewhere, and Debian's npm would conflict with it.
command -v node >/dev/null && command -v npm >/dev/null || BUILD_PACKAGES="$BUILD_PACKAGES nodejs npm"

# What a real sshd in a private namespace needs: the client, and the libraries of an unpacked sshd.
RIG_PACKAGES="python3 openssh-client openssl iproute2 util-linux libpam-modules \
libpam-google-authenticator libwrap0 libgssapi-krb5-2 libselinux1 libaudit1 libcom-err2 libsystemd0"

TEST_PACKAGES="chromium clang clang-format libclang-rt-14-dev mandoc valgrind pamtester python3-jsonschema python3-paramiko"

# install_missing LOG package…: only what is not there yet, without a question.
install_missing() {
    local log=$1 package missing=()
    shift
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "these packages are missing and only root can install them: ${missing[*]}" >&2
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update >>"$log" 2>&1 &&
        apt-get -qq install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1
}
