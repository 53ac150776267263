#!/usr/bin/env bash
# obstore 0.12.1 forgets AWS_ALLOW_HTTP of the environment as soon as any option of its client is given, even a timeout.
#
# A store of S3's protocol on the same machine, or in a test, is often reached by plain HTTP, which the environment
# allows by AWS_ALLOW_HTTP beside AWS_ENDPOINT_URL. With these alone a request is sent. With `client_options` that
# say nothing of it but a timeout the same request is refused before it is sent ("builder error"): the options of the
# environment that belong to the client are replaced by those that are given, and not completed by them, while the
# endpoint and the credentials of the same environment stay in force. Nothing has to listen at the endpoint to see
# it: a request that is sent ends with "error sending request".
#
# Behaviour seen on 2026-11-29, CPython 3.11:
#   environment alone: error sending request
#   with a timeout: builder error
#   with a timeout, and allow_http once more: error sending request
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --no-compile obstore==0.12.1

cat > "$folder/ask.py" <<'PYTHON'
import re

import obstore
from obstore.store import S3Store

WAYS = {
    "environment alone": {},
    "with a timeout": {"client_options": {"timeout": "2s"}},
    "with a timeout, and allow_http once more": {
        "client_options": {"timeout": "2s", "allow_http": True}
    },
}
for way, options in WAYS.items():
    store = S3Store("bucket", retry_config={"max_retries": 0}, **options)
    try:
        obstore.head(store, "object")
    except Exception as error:
        print(f"{way}: {re.search('HTTP error: ([a-z ]+)', str(error))[1].strip()}")
PYTHON

# Port 9 of this machine: nobody is there, and nobody has to be.
env AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_ALLOW_HTTP=true AWS_REGION=us-east-1 \
  AWS_ACCESS_KEY_ID=key AWS_SECRET_ACCESS_KEY=secret \
  "$folder/env/bin/python" "$folder/ask.py" | tee "$folder/seen"

grep -qxF "environment alone: error sending request" "$folder/seen"
grep -qxF "with a timeout: builder error" "$folder/seen"
grep -qxF "with a timeout, and allow_http once more: error sending request" "$folder/seen"
