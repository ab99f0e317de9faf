import { h, icon, pause, save, announce } from "./dom.js";
import { clock } from "./words.js";

/** The one that sounds: another that begins takes its place. @type {Player | null} */
let sounding = null;
/** @type {AudioContext | null} */
let context = null;

/** Silence, for leaving a page or signing out. */
export const hush = () => sounding?.stop();

/** Bars of a waveform: the loudest sample of each stretch. @param {AudioBuffer} buffer @param {number} count */
function peaksOf(buffer, count) {
  const peaks = new Float32Array(count), stretch = buffer.length / count;
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    const samples = buffer.getChannelData(channel);
    for (let bar = 0; bar < count; bar += 1) {
      const end = Math.min(samples.length, Math.floor((bar + 1) * stretch));
      // Every fourth sample shows the same picture.
      for (let place = Math.floor(bar * stretch); place < end; place += 4) {
        const level = Math.abs(samples[place]);
        if (level > peaks[bar]) peaks[bar] = level;
      }
    }
  }
  return peaks;
}

/**
 * Plays one output. Without loop an `<audio>` element plays it; with loop a buffer source does, whose end is joined to
 * its beginning sample by sample, which no element does. Both go on where the other was.
 */
export class Player {
  /** Decoded audio is kept up to this length; a longer one is decoded again for its loop. */
  static keptSeconds = 120;

  /**
   * @param {{bytes: () => Promise<{blob: Blob, name: string}>, label: string, loop: boolean, duration: number,
   *   lines?: {text: string, start: number, end: number}[] | null, lyrics?: string | null}} options
   */
  constructor({ bytes, label, loop, duration, lines, lyrics }) {
    this.label = label;
    this.duration = duration;
    this.loops = loop;
    this.isPlaying = false;
    this.offset = 0;
    this.startedAt = 0;
    /** @type {AudioBuffer | null} */
    this.buffer = null;
    /** @type {AudioBufferSourceNode | null} */
    this.source = null;
    /** @type {Float32Array | null} */
    this.peaks = null;
    this.lines = lines ?? [];
    this.audio = h("audio", { preload: "auto" });
    this.audio.addEventListener("ended", () => this.ended());
    this.build(lyrics);
    this.loaded = this.load(bytes);
    this.show();
  }

  /** @param {string | null | undefined} lyrics */
  build(lyrics) {
    this.play = h("button", { type: "button", class: "play", disabled: true, onclick: () => this.toggle() });
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.rest = h("i", { class: "rest", "aria-hidden": "true" });
    this.slider = h("input", { type: "range", min: "0", max: String(this.duration || 1), step: "0.01", value: "0",
      "aria-label": `Position in ${this.label}`, oninput: () => this.seek(Number(this.slider.value)),
      onkeydown: event => this.step(event) });
    this.time = h("span", { class: "time" });
    this.loopButton = h("button", { type: "button", onclick: () => this.setLoop(!this.loops) }, icon("loop"),
      h("span", { class: "words" }, "Loop"));
    this.download = h("button", { type: "button", disabled: true, onclick: () => this.keep() }, icon("download"),
      h("span", { class: "words" }, "Download"));
    this.words = this.lines.map(line => h("button", { type: "button", onclick: () => this.seek(line.start, true) }, line.text));
    const text = this.words.length
      ? h("div", { class: "lyrics", role: "group", "aria-label": "Lyrics; choose a line to hear it", tabindex: "-1" }, this.words)
      : lyrics ? h("div", { class: "lyrics", tabindex: "0", role: "group", "aria-label": "Lyrics" }, h("p", {}, lyrics)) : null;
    this.element = h("div", { class: "player", role: "group", "aria-label": this.label },
      h("div", { class: "player-row" }, this.play, h("div", { class: "wave" }, this.canvas, this.rest, this.slider)),
      h("div", { class: "under" }, h("span", { class: "grow small break" }, this.label), this.time, this.loopButton, this.download),
      text, this.audio);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.canvas);
  }

  /** @param {() => Promise<{blob: Blob, name: string}>} bytes */
  async load(bytes) {
    try {
      const { blob, name } = await bytes();
      this.blob = blob;
      this.name = name;
      this.audio.src = URL.createObjectURL(blob);
      this.play.disabled = this.download.disabled = false;
      const buffer = await this.decode();
      this.duration = buffer.duration;
      this.slider.max = String(buffer.duration);
      this.peaks = peaksOf(buffer, 240);
      if (buffer.duration <= Player.keptSeconds) this.buffer = buffer;
    } catch (error) {
      this.time.textContent = error instanceof Error ? error.message : "The audio cannot be read.";
      return;
    }
    this.element.dataset.ready = "true";
    this.show();
    this.draw();
  }

  /** Decodes without a sounding context, which a page has only after a click. @returns {Promise<AudioBuffer>} */
  async decode() { return new OfflineAudioContext(2, 1, 44_100).decodeAudioData(await this.blob.arrayBuffer()); }

  /** Seconds from the beginning. */
  get position() {
    // A loop that has not begun yet stands where it will begin.
    if (!this.isPlaying || this.loops && !this.source) return this.offset;
    if (this.source && context) return (context.currentTime - this.startedAt) % this.duration;
    return this.audio.currentTime;
  }

  toggle() { if (this.isPlaying) this.stop(); else this.start(); }

  async start() {
    if (sounding !== this) sounding?.stop();
    sounding = this;
    if (this.offset >= this.duration - 0.02) this.offset = 0;
    this.isPlaying = true;
    this.show();
    try {
      if (this.loops) await this.startBuffer();
      else { this.audio.currentTime = this.offset; await this.audio.play(); }
    } catch {
      // The browser wants a click of its own for this, or the wish was withdrawn meanwhile.
      if (this.isPlaying) this.stop();
      return;
    }
    this.show();
    this.tick();
  }

  async startBuffer() {
    context ??= new AudioContext();
    // Without a click the browser lets the context wait, and never says no.
    await Promise.race([Promise.all([this.loaded, context.resume()]), pause(5000)]);
    if (context.state !== "running") throw new Error("not allowed to sound yet");
    const buffer = this.buffer ?? await this.decode();
    if (!this.isPlaying || !this.loops) return;
    this.source?.stop();
    this.source = context.createBufferSource();
    this.source.buffer = buffer;
    this.source.loop = true;
    this.source.connect(context.destination);
    this.source.start(0, this.offset);
    this.startedAt = context.currentTime - this.offset;
  }

  /** Stops where it is. */
  stop() {
    this.offset = this.position;
    this.isPlaying = false;
    this.source?.stop();
    this.source = null;
    this.audio.pause();
    if (sounding === this) sounding = null;
    this.show();
  }

  ended() {
    if (!this.isPlaying || this.source) return;
    this.isPlaying = false;
    this.offset = 0;
    if (sounding === this) sounding = null;
    this.show();
  }

  /** @param {number} seconds @param {boolean} [plays] */
  seek(seconds, plays = this.isPlaying) {
    if (this.isPlaying) this.stop();
    this.offset = Math.min(Math.max(0, seconds), this.duration);
    this.show();
    if (plays) this.start();
  }

  /** The arrows go by a second, or by five in a long sound: the slider's own steps are for a finger. @param {KeyboardEvent} event */
  step(event) {
    const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    this.seek(this.position + way * (this.duration > 60 ? 5 : 1));
  }

  /** @param {boolean} loops */
  setLoop(loops) {
    const wasPlaying = this.isPlaying;
    if (wasPlaying) this.stop();
    this.loops = loops;
    announce(loops ? "Loops without a gap." : "Plays once.");
    this.show();
    if (wasPlaying) this.start();
  }

  keep() { if (this.blob) save(this.blob, this.name ?? "sound"); }

  tick() {
    if (!this.isPlaying || !this.element.isConnected) {
      if (this.isPlaying) this.stop();
      return;
    }
    this.show();
    requestAnimationFrame(() => this.tick());
  }

  /** Makes everything on the page agree with how things stand. */
  show() {
    const position = this.position, data = this.element.dataset;
    const state = this.isPlaying ? "playing" : "paused";
    if (data.state !== state) {
      data.state = state;
      this.play.replaceChildren(icon(this.isPlaying ? "pause" : "play"));
      this.play.setAttribute("aria-label", `${this.isPlaying ? "Pause" : "Play"} ${this.label}`);
    }
    data.engine = this.source ? "buffer" : "element";
    data.position = position.toFixed(3);
    data.laps = this.source && context ? String(Math.floor((context.currentTime - this.startedAt) / this.duration)) : "0";
    this.loopButton.setAttribute("aria-pressed", String(this.loops));
    const words = `${clock(position)} / ${clock(this.duration)}`;
    if (this.time.textContent !== words) {
      this.time.textContent = words;
      this.slider.setAttribute("aria-valuetext", `${clock(position)} of ${clock(this.duration)}`);
    }
    this.slider.value = String(position);
    this.showLine(position);
    this.draw();
  }

  /** @param {number} position */
  showLine(position) {
    const current = this.lines.findLastIndex(line => position >= line.start);
    if (current === this.line) return;
    this.line = current;
    this.words.forEach((word, place) => word.setAttribute("aria-current", String(place === current)));
    const word = this.words[current], box = word?.parentElement;
    if (box) box.scrollTop = word.offsetTop - box.clientHeight / 2;
  }

  draw() {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    if (canvas.width !== Math.round(width * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); }
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const played = getComputedStyle(canvas).color, rest = getComputedStyle(this.rest).color;
    const bars = Math.floor(width / 4), done = this.duration ? this.position / this.duration * bars : 0;
    const loudest = this.peaks ? Math.max(0.05, ...this.peaks) : 1;
    for (let bar = 0; bar < bars; bar += 1) {
      const peak = this.peaks ? this.peaks[Math.floor(bar / bars * this.peaks.length)] / loudest : 0.04;
      const tall = Math.max(2, peak * (height - 6));
      pen.fillStyle = bar < done ? played : rest;
      pen.beginPath();
      pen.roundRect(bar * 4, (height - tall) / 2, 2.5, tall, 1.25);
      pen.fill();
    }
  }

  /** Gives back what it holds. */
  close() {
    this.stop();
    this.watch.disconnect();
    if (this.audio.src) URL.revokeObjectURL(this.audio.src);
    this.audio.removeAttribute("src");
    this.buffer = null;
  }
}
