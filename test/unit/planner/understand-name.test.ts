import { describe, expect, it } from 'vitest'
import { isSlip, understandName } from '../../../shared/planner/understand-name.ts'

const KNOWN = [
  { name: 'audio-splicer', description: 'Combines two audio files into one.' },
  { name: 'audio-to-text', description: 'Transcribes speech from an audio file into text.' },
  { name: 'image-to-text', description: 'Extracts text by Optical Character Recognition.' },
  { name: 'audio-to-audio', description: 'Some example tasks are speech enhancement and source separation.' },
  { name: 'text-to-image', description: 'Generates images from input text.' },
  { name: 'translation', description: 'Converts text from one language to another.' },
  { name: 'text.summarize', description: 'A shorter version of a text.' },
  { name: 'video-synchronization', description: 'Fits the sound to a video.' },
  { name: 'automatic-speech-recognition', description: 'Also known as STT.' },
  { name: 'send-mail', description: 'Sends a mail. It does not support calendar invitations.' },
]

const meant = (given: string): string | undefined => understandName(given, KNOWN)?.name

describe('a name that is not known', () => {
  it.each([
    ['AudioSplicer', 'audio-splicer'],
    ['audio_splicer', 'audio-splicer'],
    ['Audio Splicer', 'audio-splicer'],
    ['text summarize', 'text.summarize'],
    ['audio-splcier', 'audio-splicer'],
    ['text.sumarize', 'text.summarize'],
    ['Video Synchronizer', 'video-synchronization'],
    ['Text Summarization', 'text.summarize'],
  ])('%s has the same words as %s, which is no guess', (given, right) => {
    const found = understandName(given, KNOWN)
    expect(found?.name).toBe(right)
    expect(found?.guessed).toBeUndefined()
  })

  it.each([
    ['Machine Translation', 'translation', 'the words that it ends with'],
    ['Speech Recognition', 'automatic-speech-recognition', 'the words that it ends with'],
    ['OCR', 'image-to-text', 'an abbreviation in its description alone'],
    ['Source Separation', 'audio-to-audio', 'its description alone names it'],
    ['Image Generation', 'text-to-image', 'its description alone has these words'],
    ['Audio Splicer (MP3)', 'audio-splicer', 'the same words, without what is in brackets'],
  ])('%s is a guess at %s, and said to be one (understand-name/N3)', (given, name, why) => {
    expect(understandName(given, KNOWN)).toEqual({ name, why, guessed: true })
  })

  it.each([
    ['text-to-audio', 'the words of another in another order'],
    ['Text-to-Speech', 'half of two others'],
    ['video-splicer', 'letters alone (understand-name/N2)'],
    ['translation-and-deletion', 'two things'],
    ['undo-translation', 'the opposite'],
    ['from-translation', 'a direction'],
    ['translation, deletion', 'two things by a comma'],
    ['Calendar Invitations', 'what a description denies'],
    ['text', 'a word of several'],
    ['solve-equation', 'nothing'],
    ['', 'nothing at all'],
    ['!!!', 'no words'],
    ['STT2', 'an abbreviation with a digit'],
    ['constructor', 'a name that every object has'],
  ])('%s is not understood: %s', (given) => {
    expect(understandName(given, KNOWN)).toBeUndefined()
  })

  it('is not understood where two known names fit (understand-name/N1)', () => {
    expect(understandName('fetchpages', [{ name: 'fetch-page' }, { name: 'fetch.page' }])).toBeUndefined()
    expect(
      understandName('Speech Recognition', [
        { name: 'a-speech-recognition' },
        { name: 'b-speech-recognition' },
      ]),
    ).toBeUndefined()
    expect(meant('audio-splicer')).toBe('audio-splicer')
  })
})

describe('a slip of the finger', () => {
  it.each([
    ['summarize', 'sumarize', true],
    ['summarize', 'summarise', true],
    ['summarize', 'summraize', true],
    ['summarize', 'summarizes', true],
    ['summarize', 'sumarise', false],
    ['archive', 'achieve', false],
    ['version-1', 'version-2', false],
    ['send', 'lend', false],
    ['import', 'export', false],
  ])('%s, %s: %s (understand-name/N2)', (a, b, is) => {
    expect([isSlip(a, b), isSlip(b, a)]).toEqual([is, is])
  })
})
