# bash completion for pillion; generated, do not edit
_pillion() {
  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"
  if [ "$cur" = = ]; then cur=''; elif [ "$prev" = = ]; then prev="${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W 'git-sync cron restore backup credentials inject injector --help --version' -- "$cur"))
    return
  fi
  case "${COMP_WORDS[1]}" in
    git-sync)
      case "$prev" in
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--help --man --version --repo --ref --depth --filter --fsck --submodules --sparse-checkout-file --sparse-path --lfs --verify --verify-gpg-keyring --verify-ssh-allowed-signers --root --link --touch-file --sync-timeout --one-time --group-write --stale-worktree-timeout --reuse-worktrees --git --git-config --git-config-add --git-gc --publish --publish-foreign-files --keep-revisions --state-dir --publish-subdirectory --publish-archive --publish-commit-info --period --init-period --max-failures --init-max-failures --jitter --max-backoff --max-age --verbose --error-file --sync-on-signal --trigger-bind --trigger-secret-file --add-user --http-bind --http-metrics --http-pprof --config --max-concurrent-syncs --exechook-command --exechook-args --exechook-shell --exechook-timeout --exechook-backoff --pre-publish-exechook-command --pre-publish-exechook-timeout --pre-publish-exechook-backoff --pre-publish --pre-publish-shell --pre-publish-timeout --hook-output --hook-variables --webhook-url --webhook-method --webhook-success-status --webhook-timeout --webhook-backoff --webhook --username --password-file --credential --credential-command --credential-identity --credential-scope --ssh-key-file --ssh-known-hosts --ssh-known-hosts-file --ssh-keep --cookie-file --askpass-url --github-base-url --github-app-private-key-file --github-app-client-id --github-app-application-id --github-app-installation-id' -- "$cur")); fi ;;
    cron)
      case "$prev" in
        --dialect) COMPREPLY=($(compgen -W 'pillion supercronic' -- "$cur")); return ;;
        --fields) COMPREPLY=($(compgen -W 'year second' -- "$cur")); return ;;
        --day-rule) COMPREPLY=($(compgen -W 'dialect vixie or' -- "$cur")); return ;;
        --env-scope) COMPREPLY=($(compgen -W 'dialect following file' -- "$cur")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'info warn debug' -- "$cur")); return ;;
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--dialect --fields --day-rule --env-scope --vixie-percent --system --lenient --tz --hash-key --overlapping --help --run-at --grace --state-file --watch --exit-on-failure --http-bind --http-metrics --metrics-compat --log-level --verbose --passthrough-logs --split-logs --test --version --debug --quiet --prometheus-listen-address --no-reap' -- "$cur")); fi ;;
    restore)
      case "$prev" in
        --on-missing) COMPREPLY=($(compgen -W 'fail allow' -- "$cur")); return ;;
        --log-level) COMPREPLY=($(compgen -W 'info warn debug' -- "$cur")); return ;;
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--volume --volume-timeout --repository --name --exclude --work-dir --plan --on-missing --timeout --retry-wait --snapshot --max-fallback --verify --strict-owner --keep-quarantines --check --check-sqlite --check-sample --check-timeout --require --min-size --ignore --repair --repair-timeout --after --after-version --after-timeout --password-file --ssh-key-file --ssh-known-hosts-file --cacert --limit-upload --limit-download --restic-option --cache-limit --call-timeout --http-bind --http-metrics --log-level --verbose --grace --config --help --version' -- "$cur")); fi ;;
    backup)
      case "$prev" in
        --log-level) COMPREPLY=($(compgen -W 'info warn debug' -- "$cur")); return ;;
        --on-push-race) COMPREPLY=($(compgen -W 'fail branch overwrite' -- "$cur")); return ;;
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--volume --volume-timeout --repository --name --exclude --work-dir --password-file --ssh-key-file --ssh-known-hosts-file --cacert --limit-upload --limit-download --restic-option --cache-limit --call-timeout --http-bind --http-metrics --log-level --verbose --grace --config --help --version --init --pre --post --hook-timeout --max-shrink --allow-shrink --allow-unmarked --attempts --retry-lock --on-push-race --git-allow-secrets --keep-last --keep-hourly --keep-daily --keep-weekly --keep-monthly --keep-within --schedule --run-at --tz --on-stop --one-time --retries --retry-delay --timeout --max-age --verify-schedule --verify-percent --drill-schedule --trigger-token-file' -- "$cur")); fi ;;
    credentials)
      case "$prev" in
        --log-level) COMPREPLY=($(compgen -W 'info warn debug' -- "$cur")); return ;;
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--config --provider --host --port --user --database --region --set --output --reload --one-time --retry-for --http-bind --http-metrics --log-level --grace --verbose --help --version' -- "$cur")); fi ;;
    inject)
      case "$prev" in
        --output) COMPREPLY=($(compgen -W 'yaml json' -- "$cur")); return ;;
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--filename --profiles --image --kubernetes --help --allow-image --version --uninject --diff --output' -- "$cur")); fi ;;
    injector)
      case "$prev" in
        --log-level) COMPREPLY=($(compgen -W 'info warn debug' -- "$cur")); return ;;
      esac
      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W '--bind --tls-cert-file --tls-key-file --service --namespace --secret --webhooks --ca-life --certificate-life --api-server --http-bind --profiles --image --kubernetes --allow --allow-image --profile-label --scan-period --log-level --drain --version --help' -- "$cur")); fi ;;
  esac
}
complete -o default -F _pillion pillion
