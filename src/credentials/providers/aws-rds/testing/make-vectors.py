"""Writes vectors.json: RDS tokens made by botocore, the library inside the AWS CLI, on a frozen clock.

    pip install botocore==1.44.8
    python make-vectors.py > vectors.json

The inputs come from a seeded generator, so a second run writes the same file. `Session.generate_db_auth_token` is the
function behind `aws rds generate-db-auth-token`; only its clock is replaced.
"""

import datetime
import json
import random
import string
import sys

import botocore
import botocore.auth
import botocore.signers
from botocore.credentials import Credentials
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceId
from botocore.signers import RequestSigner

COUNT = 1000
SEED = 20261128
REGIONS = ["us-east-1", "eu-west-1", "eu-central-2", "ap-southeast-4", "cn-north-1", "us-gov-west-1", "mx-central-1"]
# User names that PostgreSQL takes, with what URLs, signatures and shells stumble over.
ODD = "äöß漢字😀 +/=&?#%~*'()!$@:;,.\"\\"
BASE64 = string.ascii_letters + string.digits + "+/"


class Client:
    """What generate_db_auth_token needs of a client."""

    def __init__(self, signer):
        self._request_signer = signer


def tuple_of(draw, index):
    region = draw.choice(REGIONS)
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    name = "".join(draw.choices(string.ascii_lowercase + string.digits + "-", k=draw.randint(1, 40)))
    host = f"{name}x.c{draw.randrange(10**9)}.{region}.rds.{suffix}"
    if index % 20 == 0:
        host = host.title()
    port = draw.choice([5432, 3306, 443, 80, 1, 65535, draw.randint(1, 65535)])
    letters = string.ascii_letters + string.digits + "_-." + (ODD if index % 3 == 0 else "")
    user = "".join(draw.choices(letters, k=draw.randint(1, 63)))
    at = draw.randint(946684800, 4102444799)  # 2000 to 2099
    token = None if index % 4 == 0 else "".join(draw.choices(BASE64, k=1690 if index % 50 == 1 else draw.randint(1, 200))) + "=="
    return {
        "host": host,
        "port": port,
        "user": user,
        "region": region,
        "time": at * 1000,
        "accessKeyId": draw.choice(["AKIA", "ASIA"]) + "".join(draw.choices(string.ascii_uppercase + "234567", k=16)),
        "secretAccessKey": "".join(draw.choices(BASE64, k=40)),
        **({} if token is None else {"sessionToken": token}),
    }


EVENTS = HierarchicalEmitter()


def token_of(case):
    now = datetime.datetime.fromtimestamp(case["time"] / 1000, datetime.timezone.utc)
    botocore.auth.get_current_datetime = lambda *_, **__: now
    keys = Credentials(case["accessKeyId"], case["secretAccessKey"], case.get("sessionToken"))
    signer = RequestSigner(ServiceId("RDS"), case["region"], "rds", "v4", keys, EVENTS)
    return botocore.signers.generate_db_auth_token(
        Client(signer), case["host"], case["port"], case["user"], case["region"]
    )


draw = random.Random(SEED)
cases = [tuple_of(draw, index) for index in range(COUNT)]
lines = [json.dumps({**case, "token": token_of(case)}, ensure_ascii=False) for case in cases]
head = json.dumps({"client": f"botocore {botocore.__version__}", "seed": SEED})
sys.stdout.write(head[:-1] + ', "vectors": [\n' + ",\n".join(lines) + "\n]}\n")
