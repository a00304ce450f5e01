#!/usr/bin/env bash
# A dry run of a whole playbook says, task by task, what the real run says then.
set -euo pipefail

export ANSIBLE_NOCOLOR=1
export ANSIBLE_LOCAL_TEMP=$OUTPUT_DIR/tmp
export HOMES=$OUTPUT_DIR/homes
top=$OUTPUT_DIR/site

step() { printf '\n=== %s ===\n' "$*"; }
# Only the sentence about a host says "would be". What hosts do at the same time is displayed in any order.
play() { ansible-playbook -i inventory.yml -v "$@" 2>&1 | tee "$OUTPUT_DIR/log"; }
said() { sed -E 's/"id": "[^"]*"/"id": ""/g; s/[$]mailops[$][^"]*/sealed/g; s/ would be (created|updated|removed)/ \1/g' "$OUTPUT_DIR/log" | sort; }
tree() { find "$top" "$HOMES" -printf '%p %m %T@ %C@ %s\n' | sort; }
# usage: same OPTION...: the dry run changes nothing, and says what the real one says
same() {
  tree >"$OUTPUT_DIR/before"
  play site.yml --check --diff "$@"
  said >"$OUTPUT_DIR/dry"
  diff "$OUTPUT_DIR/before" <(tree)
  if grep -E 'sesame-[0-9]' "$OUTPUT_DIR/log"; then echo 'a password in the output' && exit 1; fi
  play site.yml --diff "$@"
  diff "$OUTPUT_DIR/dry" <(said)
}

for store in "$top/sub/profiles.db" "directory://$top/sub/profiles.d"; do
  export MAILOPS_STORE=$store
  rm -rf "$top" "$HOMES"
  mkdir "$top" "$HOMES"

  step "A new store: $store"
  same -e imap=imap.example.org --forks 5
  grep -E '^shared-desk .* changed=3 ' "$OUTPUT_DIR/log"

  step "A change of a server: $store"
  same -e imap=other.example.org -e mail_accounts_serial=1
  grep -E '^\+.*other\.example\.org' "$OUTPUT_DIR/log"

  step "All accounts are removed: $store"
  gone=(mailops.profiles.rollout -e mail_accounts_state=absent)
  play "${gone[@]}" -e 'mail_accounts_instance=team-{{ inventory_hostname }}' -e "mail_accounts_dest=$HOMES/{HostName}/{UserName}/team"
  play "${gone[@]}"
  [[ -z $(find "$HOMES" -type f) ]]
done

step 'Nothing is left of a dry run'
[[ -z $(ls "$ANSIBLE_LOCAL_TEMP") ]]

step 'Tasks of another mode than the run'
play mixed.yml --check
rm -r "$OUTPUT_DIR/mixed"
play mixed.yml

step 'A dry run that is killed, and the next one'
export MAILOPS_STORE=$OUTPUT_DIR/killed.db
ansible-playbook waits.yml --check &
until compgen -G "$ANSIBLE_LOCAL_TEMP/*/mailops.profiles-*[0-9a-f]" >/dev/null; do sleep 0.1; done
kill -9 $!
wait $! || true
[[ $(stat -c %a "$ANSIBLE_LOCAL_TEMP"/*) == 700 ]]
[[ $(stat -c %a "$ANSIBLE_LOCAL_TEMP"/*/mailops.profiles-* | sort -u) == 600 ]]
ansible localhost -m mailops.profiles.mail_profile_info --check | tee "$OUTPUT_DIR/log"
grep -F '"profiles": []' "$OUTPUT_DIR/log"
[[ ! -e $MAILOPS_STORE ]]
