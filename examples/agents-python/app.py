"""The agent as a server with FastAPI. `pip install fastapi uvicorn`, `PRICING_SECRETS=whsec_... uvicorn app:app --port 8000`"""

import os

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from contract import Refused, Repetitions, verify
from pricing import NoSuchCity, price_route

SECRETS = os.environ.get('PRICING_SECRETS', '').split()
app = FastAPI()
answered = Repetitions()


def problem(status: int, title: str, detail: str) -> JSONResponse:
    content = {'title': title, 'detail': detail, 'status': status}
    return JSONResponse(content, status, media_type='application/problem+json')


@app.get('/health')
def health():
    return {}


@app.post('/')
async def call(request: Request):
    try:
        if SECRETS:
            verify(SECRETS, request.headers, await request.body())
        asked = await request.json()
        known = answered.find(asked['id'])
        output = known if known is not None else answered.keep(asked['id'], price_route(**asked['input']))
    except Refused as error:
        return problem(401, 'Not signed', str(error))
    except NoSuchCity as error:
        return problem(422, 'No such city', str(error))
    return {'output': output, 'costUsd': 0.001}
