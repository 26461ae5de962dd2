import type { Model } from '../_support/language/ask.ts'
import { type CitedAnswer, citedAnswer } from '../_support/language/cited-answer.ts'
import { correlationsSection, outliersSection, profileSection, trendsSection } from './data-sections.ts'
import { drawTrend } from './draw-trend.ts'
import { answerSection, findingsSection, gapsSection, themesSection } from './research-sections.ts'
import type { Chart, Report, ReportInput } from './schemas.ts'

const MAX_CHARTS = 3

/** The parts that were given, in the order in which a person would read them; before them, where there is a model, what the findings answer. */
export async function writeReport(input: ReportInput, context: Model): Promise<Report> {
  const { findings, themes, gaps, profile, trends, outliers, correlations } = input
  const charts = trends ? await chartsOf(trends) : []
  const answer = await answerOf(input, context)
  const sections = [
    answer && answerSection(answer),
    findings && findingsSection(findings),
    themes && themesSection(themes),
    gaps && gapsSection(gaps),
    profile && profileSection(profile),
    trends && trendsSection(trends, charts),
    correlations && correlationsSection(correlations),
    outliers && outliersSection(outliers),
  ]
  const markdown = [`# ${input.title}`, ...sections.filter((section) => section !== undefined)].join('\n\n')
  return { title: input.title, engine: answer?.engine ?? 'extractive', markdown: `${markdown}\n`, charts }
}

async function answerOf({ engine, findings }: ReportInput, context: Model): Promise<CitedAnswer | undefined> {
  if (engine === 'extractive' || !findings || findings.passages.length === 0 || !context.model.has())
    return undefined
  return citedAnswer(context, findings.query, findings.passages)
}

/** Charts of the strongest trends. */
async function chartsOf({ over, per, trends }: NonNullable<ReportInput['trends']>): Promise<Chart[]> {
  const clearest = trends.toSorted((a, b) => b.r2 - a.r2).slice(0, MAX_CHARTS)
  return Promise.all(
    clearest.map(async (trend, index) => ({
      name: `chart-${index + 1}.svg`,
      title: `${trend.column} over ${over}`,
      svg: await drawTrend(trend.column, { over, overTime: (per ?? over) !== 'row' }, trend.series),
    })),
  )
}
