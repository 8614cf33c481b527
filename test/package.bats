#!/usr/bin/env bats
# The files of the Debian packages agree with the tree. The packages themselves are built and tried by make check-deb.
bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	debian=$ROOT/debian
}

packages() {
	sed -n 's/^Package: //p' "$debian/control"
}

@test "the version is that of the programs" {
	version=$(sed -n 's/.*CSAPI_VERSION "\(.*\)"/\1/p' "$ROOT/lib/base/version.h")
	[[ $(head -n 1 "$debian/changelog") =~ ^csapi\ \(([^-]+)-[0-9]+\)\  ]]
	[ "${BASH_REMATCH[1]}" = "$version" ]
}

@test "every file that is installed is in exactly one package" {
	for kind in 5.1 5.4; do
		[ -e "$BUILD/lua/$kind/msys/av.so" ] || skip "the Lua module was not built for $kind"
	done
	triplet=some-linux-gnu
	mapfile -t places < <(sed -n '/^places/{:more;/\\$/{N;b more};s/^places = //;s/\\\n//g;p}' "$debian/rules" |
		sed "s/\$(DEB_HOST_MULTIARCH)/$triplet/; s/PKG_CONFIG=[^ ]*//" | tr -s ' \t' '\n')
	[ "${#places[@]}" -ge 4 ]
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$ROOT" -o all B="$BUILD" DESTDIR="$PWD/dest" "${places[@]}" install
	cd dest
	shopt -s nullglob
	for package in $(packages); do
		while read -r pattern; do
			# shellcheck disable=SC2206 # patterns
			found=($pattern)
			[ "${#found[@]}" -gt 0 ] || fail "$package.install: $pattern matches nothing"
			find "${found[@]}" ! -type d
		done <"$debian/$package.install"
	done | sort >../packed
	find . ! -type d | sed 's|^\./||' | sort >../installed
	diff ../installed ../packed
}

@test "the symbols of the library are those that it exports, each since a version" {
	sed -n 's/^ \(.*@CSAPI_1.0\) [0-9.]*$/\1/p' "$debian/libcsapi1.symbols" | sort >said
	{
		echo CSAPI_1.0@CSAPI_1.0
		sed -n 's/^\t\(csapi_[a-z_]*\);$/\1@CSAPI_1.0/p' "$ROOT/lib/csapi/csapi.map"
	} | sort | diff - said
	# New ones go behind the version that brings them.
	grep -q "^libcsapi.so.1 libcsapi1 " "$debian/libcsapi1.symbols"
}

@test "what the build needs is what scripts/packages says" {
	sed -n '/^Build-Depends/,/^Standards/{s/^Build-Depends: //;s/^ *//;s/[ ,].*//;/^Standards/d;p}' "$debian/control" | sort >said
	while read -r set package _; do
		case $set:$package in
		build:gcc | build:libc6-dev | build:make | build:pkg-config) ;; # every build has these
		build:*) grep -qx "$package" said || fail "$package is not in Build-Depends" ;;
		esac
	done <"$ROOT/scripts/packages"
}

@test "what is to be run can be run, and the maintainer's script is one for sh" {
	for program in "$debian/rules" "$ROOT/scripts/package" "$ROOT/scripts/check-package"; do
		[ -x "$program" ]
	done
	sh -n "$debian/csapi.postrm"
	[ "$(cat "$debian/source/format")" = "3.0 (quilt)" ]
	run -1 "$ROOT/scripts/check-package" --inside-out
	[[ $output == *"is no option"* ]]
}
