# shellcheck shell=bash
# Certificates and kubeconfigs of one cluster, in pki/ of its folder. Elliptic keys: made in milliseconds.

new_key() { openssl ecparam -genkey -name prime256v1 -noout -out "pki/$1.key"; }

# certificate NAME SUBJECT [SUBJECT-ALTERNATIVE-NAMES]
certificate() {
  new_key "$1"
  openssl req -new -key "pki/$1.key" -subj "$2" |
    openssl x509 -req -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -days 7 -out "pki/$1.crt" 2>/dev/null \
      -extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\n%s\n' "${3:+subjectAltName=$3}")
}

# kubeconfig NAME: for the user whose certificate has that name.
kubeconfig() {
  cat >"$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: https://127.0.0.1:6443, certificate-authority: $PWD/pki/ca.crt}}]
users: [{name: $1, user: {client-certificate: $PWD/pki/$1.crt, client-key: $PWD/pki/$1.key}}]
contexts: [{name: test, context: {cluster: test, user: $1}}]
current-context: test
YAML
}

make_pki() {
  mkdir -p pki
  new_key ca
  openssl req -x509 -new -key pki/ca.key -subj /CN=pillion-test-ca -days 7 -out pki/ca.crt
  new_key service-accounts
  openssl ec -in pki/service-accounts.key -pubout -out pki/service-accounts.pub 2>/dev/null
  local names=DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost,IP:127.0.0.1
  certificate apiserver /CN=kube-apiserver "$names,IP:$NODE_ADDRESS,IP:$API_SERVICE_ADDRESS"
  # kubectl logs and exec reach the kubelet by its address: it must stand in the certificate.
  certificate node "/O=system:nodes/CN=system:node:$NODE_NAME" "DNS:$NODE_NAME,IP:$NODE_ADDRESS"
  certificate admin /O=system:masters/CN=admin
  kubeconfig node
  kubeconfig admin
}
