# After the files are gone; $1 is how many versions are left. Bans stay in the kernel while an upgrade restarts the daemon.
[ -d /run/systemd/system ] || exit 0
systemctl daemon-reload >/dev/null 2>&1
[ "$1" -ge 1 ] && systemctl try-restart bailiff.service >/dev/null 2>&1
exit 0
