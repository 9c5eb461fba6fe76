#!/bin/sh
# The panel's tests draw with Qt and OpenGL without a screen. Installs what that needs on Debian and Ubuntu where root is
# given; elsewhere it names what is missing. The engine's tests need none of it.
set -u
needed="libEGL.so.1 libGL.so.1 libxkbcommon.so.0 libdbus-1.so.3 libfontconfig.so.1 libXrender.so.1"
packages="libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 fonts-dejavu-core libxrender1"
missing=""
for library in $needed; do
  ldconfig -p 2>/dev/null | grep -q "$library" || missing="$missing $library"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing system libraries for the panel's tests:$missing"
  apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $packages >/dev/null
else
  echo "For the panel's tests these libraries are missing:$missing. On Debian or Ubuntu: sudo apt-get install $packages"
fi
