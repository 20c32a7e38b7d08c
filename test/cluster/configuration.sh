# shellcheck shell=bash
# The configuration files of one cluster's programs, written into its folder (the working directory).

write_configuration() {
  containerd_configuration >containerd.toml
  network_configuration >cni/10-pods.conflist
  kubelet_configuration >kubelet.yaml
  dns_configuration >Corefile
  dns_service >dns-service.yaml
  printf 'nameserver 127.0.0.1\n' >resolv.conf
  : >hosts
}

containerd_configuration() {
  cat <<TOML
version = 2
root = "$PWD/containerd/root"
state = "$PWD/containerd/state"
[grpc]
  address = "$PWD/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$PWD/cni"
TOML
}

# Every pod on a wire of its own to the node: all traffic is routed, so that service addresses work between pods of
# the same node without the kernel's bridge filter.
network_configuration() {
  cat <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "$PWD/ipam",
   "ranges": [[{"subnet": "$POD_SUBNET"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
}

# All pods in one cgroup of ours; what a virtual machine's root disk or an old cgroup version cannot do is off.
kubelet_configuration() {
  cat <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$PWD/containerd.sock
authentication:
  x509: {clientCAFile: $PWD/pki/ca.crt}
  anonymous: {enabled: false}
  webhook: {enabled: true}
authorization: {mode: Webhook}
tlsCertFile: $PWD/pki/node.crt
tlsPrivateKeyFile: $PWD/pki/node.key
address: $NODE_ADDRESS
healthzPort: 0
cgroupDriver: cgroupfs
cgroupRoot: /$CLUSTER_ID
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
oomScoreAdj: 0
localStorageCapacityIsolation: false
evictionHard: {memory.available: 100Mi}
imageGCHighThresholdPercent: 100
clusterDNS: [$DNS_ADDRESS]
clusterDomain: cluster.local
resolvConf: $PWD/resolv.conf
volumePluginDir: $PWD/kubelet/plugins
syncFrequency: 2s
YAML
  # From 1.35 on an image that was pulled under one name is pulled again when a pod asks for it under another one; the
  # image under test is put on the node by hand, and some tests pull it from a registry of theirs.
  if ((${KUBERNETES_VERSION:2:2} >= 35)); then echo 'imagePullCredentialsVerificationPolicy: NeverVerify'; fi
}

# hosts: names of the world outside (github.com) that a test points at a server in the cluster.
dns_configuration() {
  cat <<COREFILE
.:53 {
  bind $NODE_ADDRESS
  errors
  hosts $PWD/hosts {
    ttl 1
    reload 500ms
    fallthrough
  }
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $PWD/admin.kubeconfig test
    ttl 1
  }
}
COREFILE
}

dns_service() {
  cat <<YAML
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec:
  clusterIP: $DNS_ADDRESS
  ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns-node, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
endpoints: [{addresses: [$NODE_ADDRESS], conditions: {ready: true}}]
ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}]
YAML
}
