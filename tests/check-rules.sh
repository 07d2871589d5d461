#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# check-rules.sh - the alerts for Prometheus, by its own promtool: that they are rules, that each comes when it
# should and not when it should not, and that what they point to is there.
# shellcheck disable=SC2016 # backquotes of Markdown
set -u
cd "$(dirname "$0")/.." || exit
# shellcheck source=tests/tap.sh
. tests/tap.sh
rules=packaging/prometheus/hearken.rules.yml cases=tests/data/hearken.rules.test.yml

alerts=$(sed -n 's/^ *- alert: //p' $rules | sort)
if ! command -v promtool >/dev/null; then skip "there is no promtool here"; else
	if said=$(promtool check rules $rules 2>&1); then ok "promtool takes the rules"; else not_ok "promtool check rules: $said"; fi
	if said=$(promtool test rules $cases 2>&1); then ok "each comes when it should"; else
		echo "# ${said//$'\n'/$'\n# '}"
		not_ok "promtool test rules"; fi
fi
# Of each there is a case in which it comes.
lacking=$(for alert in $alerts; do
	grep -A 1 "alertname: $alert\$" $cases | grep -q exp_alerts || echo "$alert"
done)
if [ -z "$lacking" ]; then ok "each of the $(wc -w <<<"$alerts") alerts is seen to come"; else not_ok "never seen to come: ${lacking//$'\n'/ }"; fi

# anchor HEADING: as the renderers of Markdown make it
headings=$(sed -n 's/^##* //p' docs/runbook.md | tr 'A-Z ' 'a-z-')
lacking=$(sed -n 's,^ *runbook_url: file:///usr/share/doc/hearken/runbook\.md#,,p' $rules | grep -vxF "$headings")
n=$(grep -c runbook_url $rules)
if [ -z "$lacking" ] && [ "$n" = "$(wc -w <<<"$alerts")" ]; then ok "each has its page in the runbook"; else
	not_ok "alerts without a page in docs/runbook.md: $lacking"; fi
lacking=$(sed -n '/^## Findings/,/^## /s/^| `\([a-z-]*\)`.*/\1/p' docs/events.md | grep -vxF "$headings")
if [ -z "$lacking" ]; then ok "so has each finding"; else not_ok "findings without a page: ${lacking//$'\n'/ }"; fi
lacking=$(sed -n '/^## Causes/,$s/^| `\([a-z-]*\)`.*/\1/p' docs/events.md |
	grep -vxF "$(sed -n '/^## missing/,/^## wrong/p' docs/runbook.md | grep -oE '`[a-z-]+`' | tr -d '`')")
if [ -z "$lacking" ]; then ok "and each cause of a missing port"; else not_ok "causes that the runbook lacks: ${lacking//$'\n'/ }"; fi
# What changes from one look to the next would make each notification another one.
if ! grep -E '^ *summary: ' $rules | grep -q '{{'; then ok "no summary has a value in it"; else not_ok "a summary has a value in it"; fi
finish
