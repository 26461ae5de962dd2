/**
 * The runtime of Python functions: what Lambda's own runtime does around a handler, with the standard library alone. It asks the runtime API for events,
 * calls `<module>.<function>` of the folder of the function, and reports the result or the error.
 */
export const PYTHON_BOOTSTRAP = `
import http.client, importlib, json, os, sys, time, traceback

API = os.environ['AWS_LAMBDA_RUNTIME_API']
PREFIX = '/2018-06-01/runtime/'
sys.path.insert(0, os.environ['LAMBDA_TASK_ROOT'])


def ask(method, path, body=None):
    connection = http.client.HTTPConnection(API)
    try:
        connection.request(method, PREFIX + path, body, {'content-type': 'application/json'})
        answer = connection.getresponse()
        return answer.headers, answer.read()
    finally:
        connection.close()


def told(error):
    return json.dumps({
        'errorMessage': str(error),
        'errorType': type(error).__name__,
        'stackTrace': traceback.format_exception(type(error), error, error.__traceback__)[-10:],
    })


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers['Lambda-Runtime-Aws-Request-Id']
        self.invoked_function_arn = headers['Lambda-Runtime-Invoked-Function-Arn']
        self.function_name = os.environ['AWS_LAMBDA_FUNCTION_NAME']
        self.function_version = os.environ['AWS_LAMBDA_FUNCTION_VERSION']
        self.memory_limit_in_mb = os.environ['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
        self.log_group_name = '/aws/lambda/' + self.function_name
        self.log_stream_name = 'local'
        self.identity = None
        self.client_context = None
        self._deadline = int(headers['Lambda-Runtime-Deadline-Ms'])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))


try:
    module, _, name = os.environ['_HANDLER'].rpartition('.')
    handler = getattr(importlib.import_module(module.replace('/', '.')), name)
except BaseException as error:
    ask('POST', 'init/error', told(error))
    sys.exit(1)

while True:
    headers, body = ask('GET', 'invocation/next')
    at = 'invocation/' + headers['Lambda-Runtime-Aws-Request-Id']
    try:
        result = json.dumps(handler(json.loads(body), Context(headers)))
    except Exception as error:
        traceback.print_exc()
        ask('POST', at + '/error', told(error))
    else:
        ask('POST', at + '/response', result)
`
