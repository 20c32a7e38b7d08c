#!/usr/bin/env bash
# The first process of a cluster: `node.sh FOLDER`, started by cluster.sh as PID 1 of new PID, mount, network and UTS
# namespaces. It prepares them, starts Kubernetes and stays. When it dies the kernel ends every process, mount and
# network device in there with it: nothing has to be taken down piece by piece.
# shellcheck source=settings.sh
source "$(dirname "$0")/settings.sh"
# shellcheck source=pki.sh
source "$cluster_scripts/pki.sh"
# shellcheck source=configuration.sh
source "$cluster_scripts/configuration.sh"

cd "$1"
CLUSTER_ID=$(basename "$1")
NODE_NAME=node
export KUBECONFIG=$PWD/admin.kubeconfig KUBECACHEDIR=$PWD/kubectl-cache PATH=$binaries:$PATH
# A machine of two cores has more memory than time: a heap may grow to four times what is in use.
export GOGC=300
declare -A names=()

# /proc is still the one of outside, and bash itself opens the file: this is the PID that outside knows us by.
tell_pid() {
  local pid
  read -r pid _ </proc/self/stat
  printf '%s\n' "$pid" >pid
}

# /run, /var/log and /var/lib of its own, because containerd, CNI and kubelet have fixed places there.
mounts() {
  mount --make-rshared /
  mount -t proc proc /proc
  mount -t tmpfs tmpfs /run
  mkdir -p log/var /run/netns var-lib/{upper,work}
  mount --bind log/var /var/log
  mount -t overlay overlay -o "lowerdir=/var/lib,upperdir=$PWD/var-lib/upper,workdir=$PWD/var-lib/work" /var/lib
  kernel_settings
}

# The kubelet sets these for the whole machine unless they have its values already: it is shown files that have them.
kernel_settings() {
  local setting name
  mkdir -p kernel
  for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    name=${setting%=*}
    printf '%s\n' "${setting#*=}" >"kernel/${name//\//.}"
    mount --bind "kernel/${name//\//.}" "/proc/sys/$name"
  done
}

network() {
  hostname "$NODE_NAME"
  ip link set lo up
  ip link add node0 type veth peer name node1
  ip address add "$NODE_ADDRESS/24" dev node0
  ip link set node0 up
  ip link set node1 up
  # Leads nowhere, and must be there: without a route the kernel refuses a service address before it is translated.
  ip route add default via 192.0.2.1 dev node0 onlink
  echo 1 >/proc/sys/net/ipv4/ip_forward
}

# start NAME ARGUMENT...: the program in the background, with a log of its name.
start() {
  "$@" >"log/$1.log" 2>&1 </dev/null &
  names[$!]=$1
}

# None of the programs ends by itself: when one has, waiting for it is in vain.
still_possible() {
  local program
  for program in "${!names[@]}"; do kill -0 "$program" 2>/dev/null || return 1; done
}

api_is_ready() {
  curl --silent --fail --cacert pki/ca.crt --cert pki/admin.crt --key pki/admin.key https://127.0.0.1:6443/readyz
}

control_plane() {
  start etcd --data-dir etcd --unsafe-no-fsync --listen-peer-urls http://127.0.0.1:2380 \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379
  start kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --advertise-address="$NODE_ADDRESS" --service-cluster-ip-range="$SERVICE_SUBNET" \
    --tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=pki/service-accounts.pub \
    --service-account-signing-key-file=pki/service-accounts.key \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
    --kubelet-certificate-authority=pki/ca.crt --kubelet-client-certificate=pki/admin.crt \
    --kubelet-client-key=pki/admin.key --kubelet-preferred-address-types=InternalIP
  until_ok 180 api_is_ready || die 'kube-apiserver does not get ready'
  start kube-controller-manager --kubeconfig=admin.kubeconfig --bind-address=127.0.0.1 \
    --leader-elect=false --use-service-account-credentials --root-ca-file=pki/ca.crt \
    --service-account-private-key-file=pki/service-accounts.key
  start kube-scheduler --kubeconfig=admin.kubeconfig --bind-address=127.0.0.1 --leader-elect=false
}

container_runtime() {
  until_ok 120 ctr --address containerd.sock version || die 'containerd does not answer'
  ctr --address containerd.sock --namespace k8s.io images import "$binaries/pause.tar" >/dev/null
}

node() {
  start kubelet --config=kubelet.yaml --kubeconfig=node.kubeconfig --hostname-override="$NODE_NAME" \
    --node-ip="$NODE_ADDRESS" --root-dir="$PWD/kubelet" --cert-dir="$PWD/kubelet/pki"
  # Connection tracking limits are the machine's, not the namespace's: left alone.
  start kube-proxy --kubeconfig=admin.kubeconfig --hostname-override="$NODE_NAME" --proxy-mode=iptables \
    --cluster-cidr="$POD_SUBNET" --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
    --conntrack-tcp-timeout-close-wait=0
  start coredns -conf Corefile
}

dns_answers() { (exec 3<>"/dev/tcp/$DNS_ADDRESS/53"); }

wait_until_ready() {
  kubectl apply -f dns-service.yaml >/dev/null
  until_ok 180 kubectl get "node/$NODE_NAME" || die 'the node does not register'
  kubectl wait --for=condition=Ready "node/$NODE_NAME" --timeout=180s >/dev/null
  until_ok 120 kubectl get serviceaccount/default || die 'the default service account does not appear'
  until_ok 120 dns_answers || die 'the cluster DNS does not answer on its service address'
}

tell_pid
printf '%s\n' "$binaries" >binaries
mkdir -p log cni kubelet
mounts
network
make_pki
write_configuration
start containerd --config containerd.toml
control_plane
container_runtime
node
wait_until_ready
start kubectl proxy --unix-socket="$PWD/api.sock"
until_ok 60 test -S api.sock || die 'kubectl proxy does not listen'
touch ready
# None of them should end: if one does, so does the cluster, and its log says which it was.
wait -n -p ended || true
die "${names[$ended]} ended: $(tail -n 3 "log/${names[$ended]}.log")"
