# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# dovecot-config.sh - a Dovecot configured as Mailu renders it; to be sourced.
#
#   dovecot_config DIR CERT KEY tls|notls [PORT...]   writes DIR/dovecot.conf
#
# Always: lmtp 2525, submission 10025, imap 10143, sieve 4190 and 14190, on all of IPv4.
# With tls: also implicit TLS on 465, 993 and 995; 4190 and the PORTs ask for STARTTLS.
# With notls: nothing offers TLS. PORT is any of 587 143 110; those not named get the
# "port = 0" without which Dovecot opens its built-in ones, so leaving out 587 is the
# outage that Hearken was written for. Any user may log in with the password "secret".
#
# CERT and KEY are absolute paths (the chain in one file); ignored with notls. DIR must
# be within reach of the user dovenull (mktemp -d makes it too private). Sockets,
# state and the log are in DIR, so several may run side by side, each in a network
# namespace:  ip netns exec NS dovecot -c DIR/dovecot.conf
# For the dovecot.service of a guest set, for the call,
#   DOVECOT_ROOT     where the guest's root is now; DIR is /etc/dovecot
#   DOVECOT_SERVICE  to 1: sockets, state and log are where the unit wants them

# Dovecot 2.4 (Debian 13) gave several settings other names, and one cannot be
# written for both.
dovecot_is_24() {
	case $(dovecot --version 2>/dev/null || /usr/sbin/dovecot --version) in
	2.[0-3].*) return 1 ;;
	esac
}

dovecot_port() { # dovecot_port PORT WANTED...: PORT when it is wanted, else 0
	_port=$1
	shift
	case " $* " in
	*" $_port "*) echo "$_port" ;;
	*) echo 0 ;;
	esac
}

dovecot_tls() { # dovecot_tls CERT KEY tls|notls: the settings of this version
	case $3 in
	notls) echo "ssl = no" ;;
	*) echo "ssl = required" && echo "ssl_min_protocol = TLSv1.2" ;;
	esac
	if dovecot_is_24; then
		[ "$3" = notls ] && echo "auth_allow_cleartext = yes" && return
		echo "ssl_server_cert_file = $1"
		echo "ssl_server_key_file = $2"
	else
		[ "$3" = notls ] && echo "disable_plaintext_auth = no" && return
		echo "ssl_cert = <$1"
		echo "ssl_key = <$2"
	fi
}

dovecot_users() { # dovecot_users HOME: the settings of this version
	if dovecot_is_24; then
		cat <<-END
		mail_driver = maildir
		mail_path = ~/Maildir
		passdb static {
		  password = secret
		}
		userdb static {
		  fields {
		    uid = dovenull
		    gid = dovenull
		    home = $1/%{user}
		  }
		}
		END
	else
		cat <<-END
		mail_location = maildir:~/Maildir
		passdb {
		  driver = static
		  args = password=secret
		}
		userdb {
		  driver = static
		  args = uid=dovenull gid=dovenull home=$1/%u
		}
		END
	fi
}

dovecot_config() { # dovecot_config DIR CERT KEY tls|notls [PORT...]
	_dir=$1 _cert=$2 _key=$3 _mode=$4
	shift 4
	case $_mode in
	tls) _465=465 _993=993 _995=995 _ssl="ssl = yes" ;;
	notls) _465=0 _993=0 _995=0 _ssl= ;;
	*) echo "dovecot_config: tls or notls, not $_mode" >&2 && return 2 ;;
	esac
	_run=$_dir/run _state=$_dir/state _home=$_dir/home _log=$_dir/log
	[ -z "${DOVECOT_SERVICE:-}" ] ||
		_run=/run/dovecot _state=/var/lib/dovecot _home=/srv/mail _log=syslog
	_at=${DOVECOT_ROOT:-}
	mkdir -p "$_at$_dir" "$_at$_home" || return 1
	chmod 755 "$_at$_dir"
	chown dovenull:dovenull "$_at$_home" || return 1
	{
		dovecot_is_24 && cat <<-END
		dovecot_config_version = 2.4.0
		dovecot_storage_version = 2.4.0
		END
		cat <<-END
		base_dir = $_run
		state_dir = $_state
		log_path = $_log
		protocols = imap pop3 submission sieve lmtp
		listen = *
		hostname = mail.example.test
		auth_mechanisms = plain login
		first_valid_uid = 1
		submission_relay_host = 127.0.0.1
		submission_relay_port = 25
		END
		dovecot_tls "$_cert" "$_key" "$_mode"
		dovecot_users "$_home"
		cat <<-END
		service submission-login {
		  inet_listener submission {
		    port = $(dovecot_port 587 "$@")
		  }
		  inet_listener submissions {
		    port = $_465
		    $_ssl
		  }
		  inet_listener submission-webmail {
		    port = 10025
		  }
		}
		service imap-login {
		  inet_listener imap {
		    port = $(dovecot_port 143 "$@")
		  }
		  inet_listener imaps {
		    port = $_993
		    $_ssl
		  }
		  inet_listener imap-webmail {
		    port = 10143
		  }
		}
		service pop3-login {
		  inet_listener pop3 {
		    port = $(dovecot_port 110 "$@")
		  }
		  inet_listener pop3s {
		    port = $_995
		    $_ssl
		  }
		}
		service managesieve-login {
		  inet_listener sieve {
		    port = 4190
		  }
		  inet_listener sieve-webmail {
		    port = 14190
		  }
		}
		service lmtp {
		  inet_listener lmtp {
		    port = 2525
		  }
		}
		END
	} >"$_at$_dir/dovecot.conf"
}
