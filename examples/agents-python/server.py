"""The agent as a server, with the standard library alone. `PRICING_SECRETS=whsec_... python3 server.py 8000`

app.py is the same with FastAPI.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from contract import Refused, Repetitions, verify
from pricing import NoSuchCity, price_route

SECRETS = os.environ.get('PRICING_SECRETS', '').split()
MOST_BYTES = 6_000_000
answered = Repetitions()


class Agent(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_GET(self):
        self.answer(200 if self.path == '/health' else 404, {})

    def do_POST(self):
        length = int(self.headers.get('content-length', 0))
        if length > MOST_BYTES:
            self.close_connection = True
            return self.problem(413, 'Too large', f'{length} bytes; at most {MOST_BYTES} are read')
        body = self.rfile.read(length)
        try:
            if SECRETS:
                verify(SECRETS, self.headers, body)
            call = json.loads(body)
            known = answered.find(call['id'])
            output = known if known is not None else answered.keep(call['id'], price_route(**call['input']))
        except Refused as error:
            return self.problem(401, 'Not signed', str(error))
        except NoSuchCity as error:
            return self.problem(422, 'No such city', str(error))
        self.answer(200, {'output': output, 'costUsd': 0.001})

    def problem(self, status: int, title: str, detail: str):
        self.answer(status, {'title': title, 'detail': detail, 'status': status}, 'application/problem+json')

    def answer(self, status: int, value, content_type='application/json'):
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header('content-type', content_type)
        self.send_header('content-length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format, *args):
        pass


if __name__ == '__main__':
    server = ThreadingHTTPServer(('0.0.0.0', int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Agent)
    # For whoever has asked for any free port by 0.
    print(f'listening on {server.server_port}', flush=True)
    server.serve_forever()
