import type { Provisioners } from '../assembly/provision.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { CrossOrigin, GatewayApi } from './gateway-api.ts'

/** Adds routes to `api`, and what pages of other origins may do. */
export function gatewayProvisioners(lambda: LambdaService, api: GatewayApi): Provisioners {
  const integrations = new Map<string, string>()
  return {
    'AWS::ApiGatewayV2::Api': async ({ properties }) => {
      api.crossOrigin = crossOriginOf(properties.CorsConfiguration)
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
      api.routes.push({ method, path, functionArn })
      return { ref: logicalId }
    },
  }
}

type CorsConfiguration = Partial<{
  AllowOrigins: string[]
  AllowMethods: string[]
  AllowHeaders: string[]
  ExposeHeaders: string[]
  MaxAge: number
}>

function crossOriginOf(configuration: unknown): CrossOrigin | undefined {
  if (typeof configuration !== 'object' || configuration === null) return undefined
  const { AllowOrigins, AllowMethods, AllowHeaders, ExposeHeaders, MaxAge }: CorsConfiguration = configuration
  return {
    origins: AllowOrigins ?? [],
    methods: AllowMethods ?? [],
    headers: AllowHeaders ?? [],
    exposed: ExposeHeaders ?? [],
    maxAgeSeconds: Number(MaxAge ?? 0),
  }
}
