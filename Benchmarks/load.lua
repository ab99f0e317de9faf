-- wrk's side of the benchmark. Arguments after `--`, all optional:
--   create      POST a sound instead of GETting the URL
--   body=JSON   POST that
--   mix         POST sounds for several vendors and the synthesizer, in turn
--   rate=N      send N requests a second over all threads, evenly spaced, instead of as many as fit
--   threads=N   how many threads wrk runs, so that each takes its share of the rate
--   count=N     stop after N answers; for one thread
-- The last line of output is for the script:  RESULT requests seconds p50_ms p99_ms failures

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds, nanoseconds; } benchmark_time;
  int clock_gettime(int clock, benchmark_time *time);
  int getpid(void);
  int kill(int process, int signal);
]]
local instant = ffi.new("benchmark_time")
local function now() -- milliseconds, monotonic
  ffi.C.clock_gettime(1, instant)
  return tonumber(instant.seconds) * 1000 + tonumber(instant.nanoseconds) / 1e6
end

local count, answered = nil, 0

local bodies = {
  '{"prompt":"soft rain, 1 second long","provider":"sunoapi","loop":true}',
  '{"prompt":"creaking door","provider":"videogen","duration":1}',
  '{"prompt":"soft rain","provider":"builtin","duration":0.5,"seed":7}',
  '{"prompt":"soft rain, 1 second long","provider":"kie"}',
  '{"prompt":"creaking door","provider":"elevenlabs","duration":0.5}',
}

local function mix()
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  local requests, turn = {}, 0
  function request()
    -- Only here: what wrk.format needs is not there before the first request.
    if turn == 0 then
      for number, body in ipairs(bodies) do requests[number] = wrk.format(nil, nil, nil, body) end
    end
    turn = turn + 1
    return requests[turn % #bodies + 1]
  end
end

function init(arguments)
  local threads, rate = 1, nil
  for _, argument in ipairs(arguments) do
    local name, value = argument:match("^(%a+)=(%d+)$")
    if argument == "create" then
      wrk.method = "POST"
      wrk.headers["Content-Type"] = "application/json"
      wrk.body = '{"prompt":"soft rain with distant thunder","loop":true}'
    elseif argument:sub(1, 5) == "body=" then
      wrk.method = "POST"
      wrk.headers["Content-Type"] = "application/json"
      wrk.body = argument:sub(6)
    elseif argument == "mix" then
      mix()
    elseif name == "rate" then
      rate = tonumber(value)
    elseif name == "threads" then
      threads = tonumber(value)
    elseif name == "count" then
      count = tonumber(value)
    end
  end
  if rate then
    local gap, due = 1000 * threads / rate, nil
    -- One timetable per thread, whichever connection is free next: a slow answer on one does not slow the others.
    function delay()
      local time = now()
      due = (due or time) + gap
      -- After a stall, no burst to catch up: that would measure the burst.
      if due < time - 100 then due = time end
      return math.max(0, math.floor(due - time + 0.5))
    end
  end
  if count then
    function response()
      answered = answered + 1
      -- wrk has no count; an interrupt ends it early, with its summary. (thread:stop() would sit out the time.)
      if answered == count then ffi.C.kill(ffi.C.getpid(), 2) end
    end
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("RESULT %d %.6f %.3f %.3f %d", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
