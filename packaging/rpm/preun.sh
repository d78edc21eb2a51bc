# Before the files go; $1 is how many versions will be left.
[ "$1" -eq 0 ] || exit 0
if [ -d /run/systemd/system ]; then
	systemctl disable --now bailiff.service bailiff.socket >/dev/null 2>&1
else
	systemctl disable bailiff.service bailiff.socket >/dev/null 2>&1
fi
# Without bailiff nobody would lift these bans.
bailiff firewall remove >/dev/null || echo "bailiff: bans could not be lifted: see iptables -S bailiff, nft list tables" >&2
exit 0
