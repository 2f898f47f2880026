"""The image, its manifests and its seccomp profile are made for the program that there is."""

import copy
import json
import os
import re
import shutil
import ssl
import tomllib

import pytest
import seccomp
import yaml

from support.certificates import GATEWAY_NAME
from support.client import Client, message
from support.outside import submit, wait_until_empty
from support.postern import ROOT, Postern
from support.promises import assert_accepted
from support.toml import toml
from support.waiting import free_port, wait_until

CONTAINER = ROOT / "deploy" / "container"
DOCKERFILE = (CONTAINER / "Dockerfile").read_text()
PROFILE = json.loads((CONTAINER / "seccomp.json").read_text())
MANIFESTS = {one["kind"]: one for one in yaml.safe_load_all((CONTAINER / "kubernetes.yaml").read_text())}
FILES = MANIFESTS["ConfigMap"]["data"]
HOST = tomllib.loads(FILES["postern.toml"])
POD = MANIFESTS["Deployment"]["spec"]["template"]
[MAIN] = POD["spec"]["containers"]
PROXY = b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 25\r\n"


def port_of(address):
    return int(address.rpartition(":")[2])


def allowed():
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {rule["action"] for rule in PROFILE["syscalls"]} == {"SCMP_ACT_ALLOW"}
    return [name for rule in PROFILE["syscalls"] for name in rule["names"]]


def under_the_profile():
    """Where it says "fails", the process is killed, so that nothing is overlooked."""
    rules = seccomp.SyscallFilter(defaction=seccomp.KILL_PROCESS)
    for name in allowed():
        if seccomp.resolve_syscall(seccomp.Arch(), name) >= 0:  # others are of another architecture
            rules.add_rule(seccomp.ALLOW, name)
    rules.load()


class Volume:
    """A projected volume as the kubelet writes it: a directory with a date, ..data leads to it and is swapped by a
    rename, and what is at the top leads through ..data."""

    def __init__(self, directory):
        self.directory = directory
        self.version = 0

    def publish(self, files):
        self.version += 1
        name = f"..2026_11_25_{self.version}"
        for path, content in files.items():
            file = self.directory / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            file.chmod(0o440)
        former = self.directory / "..data"
        before = former.resolve() if former.is_symlink() else None
        (self.directory / "..data_tmp").symlink_to(name)
        os.rename(self.directory / "..data_tmp", self.directory / "..data")
        for top in {path.split("/")[0] for path in files}:
            if not (self.directory / top).is_symlink():
                (self.directory / top).symlink_to(f"..data/{top}")
        if before:
            shutil.rmtree(before)


class Pod(Postern):
    """The Postern of the manifests, on ports and next hops of the test."""

    def __init__(self, directory, hop, certificate):
        host = copy.deepcopy(HOST)
        host["state_directory"] = str(directory / "state")
        host["listener"][0].update(address=f"127.0.0.1:{free_port()}", proxies=["127.0.0.0/8"])
        host["admin"]["address"] = f"127.0.0.1:{free_port()}"
        self.volume = Volume(directory / "etc")
        super().__init__(directory, host, tomllib.loads(FILES["policy.toml"]))
        self.policy["route"][0]["hosts"] = [hop.address]
        self.config = self.volume.directory / "postern.toml"
        (self.directory / "state").mkdir()
        self.banks = FILES["banks.txt"]
        self.certificate = certificate

    def publish(self):
        keys = {"postern.toml": toml(self.host), "policy.toml": toml(self.policy), "banks.txt": self.banks,
                "tls.crt": self.certificate.chain.read_text(), "tls.key": self.certificate.key.read_text()}
        [volume] = [one for one in POD["spec"]["volumes"] if "projected" in one]
        items = [item for source in volume["projected"]["sources"] for one in source.values() for item in one["items"]]
        self.volume.publish({item["path"]: keys[item["key"]] for item in items})

    def client(self):
        made = Client(self.address())
        made.send(PROXY)
        made.greet()
        return made.ehlo()

    def code_for(self, sender):
        with self.client() as client:
            return client.envelope().data(message(sender)).code


@pytest.fixture
def pod(tmp_path, hop, authority, leaving):
    made = Pod(tmp_path, hop, authority.issue(GATEWAY_NAME))
    made.publish()
    yield made
    made.leave()
    leaving.append(made)


def test_what_the_manifests_configure_runs_and_changes_by_itself(pod, hop, authority):
    assert pod.run("check").returncode == 0, pod.run("check").stdout
    pod.start()
    assert_accepted(pod.client().envelope().data(message()), hop)
    assert pod.wait_for_event(verdict="accepted")["client"].startswith("203.0.113.7")
    assert pod.code_for("a@bank.example") == 550 and pod.code_for("a@new.example") == 250
    pod.banks += "new.example\n"
    pod.certificate = authority.issue(GATEWAY_NAME, common_name="renewed")
    pod.publish()
    wait_until(lambda: pod.code_for("a@new.example") == 550, "the new list counts")
    with pod.client() as client:
        client.start_tls()
        assert client.socket.getpeercert(binary_form=True) == pod_certificate(pod)
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert pod.http(MAIN[name]["httpGet"]["path"])[0] == 200


def pod_certificate(pod):
    return ssl.PEM_cert_to_DER_cert(pod.certificate.chain.read_text())


def test_ports_users_and_paths_of_all_files_agree():
    ports = {one["name"]: one["containerPort"] for one in MAIN["ports"]}
    assert ports == {"smtp": port_of(HOST["listener"][0]["address"]), "admin": port_of(HOST["admin"]["address"])}
    assert re.search(r"^EXPOSE (\d+) (\d+)$", DOCKERFILE, re.MULTILINE).groups() == tuple(map(str, ports.values()))
    user = POD["spec"]["securityContext"]
    assert user["runAsUser"] == user["runAsGroup"] == user["fsGroup"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}\n" in DOCKERFILE
    mounts = {one["name"]: one["mountPath"] for one in MAIN["volumeMounts"]}
    assert mounts.keys() == {one["name"] for one in POD["spec"]["volumes"]}
    assert not [one for one in MAIN["volumeMounts"] if "subPath" in one]
    assert mounts["state"] == HOST["state_directory"] and f"VOLUME {mounts['state']}\n" in DOCKERFILE
    assert mounts["configuration"] == "/etc/postern"
    for name in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert MAIN[name]["httpGet"]["port"] in ports
    for one in MANIFESTS["Service"]["spec"]["ports"]:
        assert one["targetPort"] in ports
    for rule in MANIFESTS["NetworkPolicy"]["spec"]["ingress"]:
        assert {one["port"] for one in rule["ports"]} <= ports.keys()


def test_manifests_select_what_they_mean_and_allow_as_little_as_they_can():
    versions = {"ConfigMap": "v1", "Service": "v1", "Deployment": "apps/v1", "PodDisruptionBudget": "policy/v1",
                "NetworkPolicy": "networking.k8s.io/v1"}
    assert {kind: one["apiVersion"] for kind, one in MANIFESTS.items()} == versions
    labels = POD["metadata"]["labels"]
    assert MANIFESTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["Service"]["spec"]["selector"] == labels
    assert MANIFESTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert MANIFESTS["PodDisruptionBudget"]["spec"]["minAvailable"] < MANIFESTS["Deployment"]["spec"]["replicas"]
    assert MANIFESTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    assert MAIN["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                       "capabilities": {"drop": ["ALL"]}}
    assert POD["spec"]["securityContext"]["runAsNonRoot"] is True
    assert HOST["cores"] == int(MAIN["resources"]["limits"]["cpu"])
    assert POD["spec"]["terminationGracePeriodSeconds"] > 2 * 30  # drain_seconds, of sessions and of deliveries


def test_the_image_is_built_from_what_is_there():
    listed = {line.split("#")[0].strip() for line in (ROOT / "deploy" / "packages").read_text().splitlines()}
    one_line = DOCKERFILE.replace("\\\n", " ")
    wanted = re.search(r"RUN deploy/install-packages ([^&]*)&&", one_line).group(1).split()
    assert set(wanted) <= listed
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", one_line, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source


def test_under_the_seccomp_profile_mail_passes_in_both_directions(pod, hop, prepare_sender, outside):
    assert len(set(allowed())) == len(allowed())
    pod.launch(preexec=under_the_profile)
    wait_until(pod._is_ready_or_ended, "ready")
    with pod.client() as client:
        assert_accepted(client.start_tls().envelope().data(message("a@bank.example")), hop)
    pod.banks += "new.example\n"
    pod.publish()
    wait_until(lambda: pod.code_for("a@new.example") == 550, "the new list counts")
    assert pod.run("status", "--full").returncode == 0
    assert pod.stop() == 0

    host = outside.host("mx.plain.example")
    sender = prepare_sender()
    sender.launch(preexec=under_the_profile)
    wait_until(sender._is_ready_or_ended, "ready")
    submit(sender, "you@plain.example", "me@home.example")
    host.wait_for_messages(1)
    wait_until_empty(sender)
    assert sender.stop() == 0


def test_without_io_uring_the_program_says_what_to_allow(prepare):
    def forbid():
        rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
        rules.add_rule(seccomp.ERRNO(1), "io_uring_setup")  # EPERM, as container runtimes answer
        rules.load()

    postern = prepare()
    postern.may_fail = True
    postern.launch(preexec=forbid)
    assert postern.wait() == 1
    assert "seccomp profile" in postern.errors
