"""The agent as a Lambda function of the runtime python3.x: the call is the event, the answer the result."""

from pricing import NoSuchCity, price_route


def handler(event, context):
    if event.get('ping'):
        return {}
    try:
        output = price_route(**event['input'])
    except NoSuchCity as error:
        # final: the step fails, or the next agent is asked. Any other exception is transient: this agent is called again.
        return {'error': {'kind': 'final', 'message': str(error)}}
    return {'output': output, 'costUsd': 0.001}
