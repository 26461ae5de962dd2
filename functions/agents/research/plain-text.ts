const INLINE_TAG =
  /<\/?(?:a|abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|ins|kbd|mark|q|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr)(?:\s[^<>]*)?\/?>/gi
/** Block elements, which separate words. */
const BLOCK_TAG =
  /<\/?(?:address|article|aside|blockquote|br|caption|center|dd|details|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|iframe|li|main|nav|ol|p|picture|pre|section|source|summary|svg|table|tbody|td|tfoot|th|thead|tr|ul|video)(?:\s[^<>]*)?\/?>/gi
const COMMENT = /<!--(?:(?!<!--)[\s\S])*?-->/g
/** No alternative scans past the next opening mark of its own kind, so a text of nothing but `[` takes linear time. */
const TARGET = String.raw`(?:\([^()]*(?:\([^()]*\)[^()]*)*\)|\[[^[\]]*\])`
const IMAGE = new RegExp(String.raw`!\[[^[\]]*\]${TARGET}`, 'g')
const LINK = new RegExp(String.raw`\[([^[\]]*)\]${TARGET}`, 'g')
const AUTOLINK = /<((?:https?|mailto):[^<>\s]+)>/gi
/** A link definition, `[label]: address "title"`; a note (`[Note]: a sentence`) stays text. */
const LINK_DEFINITION = /^ {0,3}\[[^\]\n]+\]:[ \t]*<?\S+>?(?:[ \t]+["'(].*)?[ \t]*$/gm

/** Markdown as plain text: links by their text, no badges, tags or table rules. A `<` that opens no tag stays (`a < b`). */
export function plainText(markdown: string): string {
  return markdown
    .replace(IMAGE, '')
    .replace(LINK, '$1')
    .replace(LINK_DEFINITION, '')
    .replace(COMMENT, ' ')
    .replace(AUTOLINK, '$1')
    .replace(INLINE_TAG, '')
    .replace(BLOCK_TAG, ' ')
    .replace(/^[|\s:-]+$/gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
