/** The environment variables that functions have on AWS, so that their modules can be imported here. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  AWS_REGION: 'us-east-1',
  AWS_LAMBDA_FUNCTION_NAME: 'bench',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
  AWS_XRAY_MANUAL_MODE: 'true',
  REGISTRY_TABLE: 'registry',
  TASKS_TABLE: 'tasks',
  BUCKET: 'bucket',
  EVENT_BUS: 'bus',
  POWERTOOLS_SERVICE_NAME: 'bench',
  POWERTOOLS_METRICS_NAMESPACE: 'bench',
}
