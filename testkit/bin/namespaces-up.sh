#!/usr/bin/env bash
# What tests need that make a pod of a network namespace: nft, ip, setpriv, curl, and the right to use them.
#   namespaces-up.sh      progress and reasons on stderr; status 1 where this machine cannot; safe to run again
# Missing programs are installed from the distribution (Debian or Ubuntu, root). Nothing is left running, no rule is loaded here.
set -euo pipefail

say() { echo "namespaces-up: $*" >&2; }
die() { say "$*"; exit 1; }

[ "$(id -u)" = 0 ] || die "network namespaces need root"

PATH=$PATH:/usr/sbin:/sbin
missing=()
command -v nft >/dev/null || missing+=(nftables)
command -v ip >/dev/null || missing+=(iproute2)
command -v setpriv >/dev/null && command -v unshare >/dev/null || missing+=(util-linux)
command -v curl >/dev/null || missing+=(curl)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || die "not found, and no apt-get to install them: ${missing[*]}"
  say "installing ${missing[*]}"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 || die "apt-get failed"
fi

# A namespace, a cable into it and the kinds of rule that the product prints: some containers and kernels have not all of them.
probe=vkprobe$$
trap 'ip netns delete $probe 2>/dev/null || true' EXIT
ip netns add "$probe" || die "this machine makes no network namespaces (a container without CAP_SYS_ADMIN?)"
ip link add "${probe}o" type veth peer name eth0 netns "$probe" || die "this kernel has no veth"
ip netns exec "$probe" nft -f - <<'NFT' || die "this kernel lacks a part of nftables"
table inet probe {
	chain out { type nat hook output priority -100; meta skuid 1 return; meta l4proto tcp redirect to :1; }
	chain in { type nat hook prerouting priority -100; tcp dport 2 redirect to :1; }
	chain guard { type filter hook output priority 0; ct status dnat accept; tcp dport 1 fib daddr type local reject with tcp reset; }
}
NFT
say "ready"
