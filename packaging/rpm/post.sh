# After the files are in place; $1 is how many versions are installed now: 1 at an installation, 2 at an upgrade.
if command -v systemd-sysusers >/dev/null; then
	systemd-sysusers /usr/lib/sysusers.d/bailiff.conf
elif ! getent passwd bailiff >/dev/null; then
	useradd --system --user-group --home-dir /var/lib/bailiff --no-create-home --shell /sbin/nologin bailiff
fi
[ -d /run/systemd/system ] && systemctl daemon-reload >/dev/null 2>&1
[ "$1" -eq 1 ] || exit 0
if [ -d /run/systemd/system ] && systemctl is-active --quiet fail2ban.service; then
	cat <<-'EOF'
	fail2ban is running, so bailiff was not started: the two would ban twice. To move over:
	    bailiff config check /etc/fail2ban     what of your configuration bailiff understands
	    systemctl disable --now fail2ban
	    systemctl enable --now bailiff         on /etc/bailiff: take over your jail.local, jail.d and filter.d changes
	To have the service run on /etc/fail2ban as it is, in place of /etc/bailiff:
	    mkdir -p /etc/systemd/system/bailiff.service.d
	    cp /usr/share/bailiff/systemd/bailiff-fail2ban.conf /etc/systemd/system/bailiff.service.d/
	    systemctl daemon-reload && systemctl restart bailiff
	EOF
	exit 0
fi
# Whether a service is to run from now on is for the distribution and its administrator to say: systemd.preset(5).
systemctl --no-reload preset bailiff.socket bailiff.service >/dev/null 2>&1
[ -d /run/systemd/system ] && systemd-tmpfiles --create bailiff.conf >/dev/null 2>&1
echo "bailiff guards this machine from: systemctl enable --now bailiff"
exit 0
