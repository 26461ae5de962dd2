import type { Provisioners } from '../assembly/provision.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { GatewayRoute } from './gateway-server.ts'

/** Adds the API's routes to `routes`. */
export function gatewayProvisioners(lambda: LambdaService, routes: GatewayRoute[]): Provisioners {
  const integrations = new Map<string, string>()
  return {
    'AWS::ApiGatewayV2::Api': async () => {
      const ref = 'local'
      return { ref, attributes: { ApiEndpoint: `http://${ref}`, ApiId: ref } }
    },

    'AWS::ApiGatewayV2::Integration': async ({ logicalId, properties }) => {
      const functionArn = String(properties.IntegrationUri)
      integrations.set(logicalId, functionArn)
      lambda.warm(functionArn, { forPeople: true })
      return { ref: logicalId }
    },

    'AWS::ApiGatewayV2::Route': async ({ logicalId, properties }) => {
      const [method = '', path = ''] = String(properties.RouteKey).split(' ')
      const functionArn = integrations.get(String(properties.Target).replace(/^integrations\//, ''))
      if (!functionArn) throw new Error(`${logicalId}: route ${properties.RouteKey} has no integration`)
      routes.push({ method, path, functionArn })
      return { ref: logicalId }
    },
  }
}
