import * as z from 'zod'
import type { Provisioners } from '../assembly/provision.ts'
import type { LambdaService } from '../lambda/service.ts'
import type { Authorizer } from './authorizers.ts'
import type { CrossOrigin, ServedApi } from './gateway-api.ts'

const AuthorizerSchema = z.object({
  AuthorizerType: z.literal('REQUEST'),
  AuthorizerPayloadFormatVersion: z.literal('2.0'),
  EnableSimpleResponses: z.literal(true),
  /** `arn:<partition>:apigateway:<region>:lambda:path/2015-03-31/functions/<arn>/invocations` */
  AuthorizerUri: z.string().regex(/\/functions\/.+\/invocations$/),
  IdentitySource: z.array(z.string().regex(/^\$request\.(header|querystring)\.[\w-]+$/)).default([]),
  AuthorizerResultTtlInSeconds: z.coerce.number().min(0).max(3_600).default(300),
})

/** Adds the APIs, their routes and authorizers, and what pages of other origins may do. */
export function gatewayProvisioners(lambda: LambdaService, served: ServedApi): Provisioners {
  const integrations = new Map<string, string>()
  const authorizers = new Map<string, Authorizer>()
  return {
    'AWS::ApiGatewayV2::Api': async ({ logicalId, properties }) => {
      served.apis.set(logicalId, { routes: [], crossOrigin: crossOriginOf(properties.CorsConfiguration) })
      return {
        ref: logicalId,
        attributes: { ApiEndpoint: served.url ?? `http://${logicalId}`, ApiId: logicalId },
      }
    },

    'AWS::ApiGatewayV2::Integration': async ({ logicalId, properties }) => {
      const functionArn = String(properties.IntegrationUri)
      integrations.set(logicalId, functionArn)
      lambda.warm(functionArn, { forPeople: true })
      return { ref: logicalId }
    },

    'AWS::ApiGatewayV2::Authorizer': async ({ logicalId, properties }) => {
      const parsed = AuthorizerSchema.safeParse(properties)
      if (!parsed.success) {
        const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
        throw new Error(
          `${logicalId}: the local cloud has authorizers that are Lambda functions with simple responses; ${wrong.join(', ')}`,
        )
      }
      const { AuthorizerUri, IdentitySource, AuthorizerResultTtlInSeconds } = parsed.data
      const [, functionArn = ''] = /\/functions\/(.+)\/invocations$/.exec(AuthorizerUri) ?? []
      authorizers.set(logicalId, {
        id: logicalId,
        functionArn,
        identitySources: IdentitySource,
        ttlSeconds: AuthorizerResultTtlInSeconds,
      })
      if (served.asksForTokens) lambda.warm(functionArn, { forPeople: true })
      return { ref: logicalId, attributes: { AuthorizerId: logicalId } }
    },

    'AWS::ApiGatewayV2::Route': async ({ logicalId, properties }) => {
      const [method = '', path = ''] = String(properties.RouteKey).split(' ')
      const functionArn = integrations.get(String(properties.Target).replace(/^integrations\//, ''))
      if (!functionArn) throw new Error(`${logicalId}: route ${properties.RouteKey} has no integration`)
      const api = served.apis.get(String(properties.ApiId))
      if (!api) throw new Error(`${logicalId}: route ${properties.RouteKey} is in no API`)
      const authorizer = authorizers.get(String(properties.AuthorizerId))
      if (properties.AuthorizationType === 'CUSTOM' && !authorizer)
        throw new Error(`${logicalId}: route ${properties.RouteKey} has no authorizer`)
      api.routes.push({ method, path, functionArn, ...(authorizer ? { authorizer } : {}) })
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
