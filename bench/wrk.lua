-- Sends each request of a file once, looks at every answer, and says when all are answered:
-- wrk itself knows only durations, and ends at SIGINT.
-- A line: method, path, headers (name RS value, US between), body, status, what the answer must hold; tabs between.

local asks, at, faults = {}, 0, {}
local expected = {}
done_count, wrong_count, total = 0, 0, 0
wrong_text = ""
-- What clients get that still ask when all requests are under way; not counted.
local surplus = "ok\n"

local function split(text, separator)
  local parts, from = {}, 1
  while true do
    local s, e = string.find(text, separator, from, true)
    if not s then parts[#parts + 1] = string.sub(text, from); return parts end
    parts[#parts + 1] = string.sub(text, from, s - 1)
    from = e + 1
  end
end

function init(args)
  for line in io.lines(args[1]) do
    local parts = split(line, "\t")
    local headers = {}
    if parts[3] ~= "" then
      for _, pair in ipairs(split(parts[3], "\31")) do
        local halves = split(pair, "\30")
        headers[halves[1]] = halves[2]
      end
    end
    local body = nil
    if parts[4] ~= "" then body = parts[4]; headers["Content-Type"] = "application/json" end
    asks[#asks + 1] = wrk.format(parts[1], parts[2], headers, body)
    expected[parts[5] .. "\t" .. parts[6]] = { tonumber(parts[5]), parts[6] }
  end
  total = #asks
end

-- wrk asks once before it begins, to see whether requests are pipelined; that one is not sent.
local verified = false

function request()
  if not verified then verified = true; return wrk.format("GET", "/healthz") end
  at = at + 1
  return asks[at] or wrk.format("GET", "/healthz")
end

local function fits(status, body)
  for _, each in pairs(expected) do
    if status == each[1] and string.find(body, each[2], 1, true) then return true end
  end
  return false
end

function response(status, headers, body)
  if done_count >= total or body == surplus then return end
  done_count = done_count + 1
  if not fits(status, body) then
    wrong_count = wrong_count + 1
    if wrong_text == "" then wrong_text = status .. " " .. string.sub(body, 1, 300) end
  end
  if done_count == total then
    io.write("all answered\n")
    io.flush()
    wrk.thread:stop()
  end
end

local mine
function setup(thread) mine = thread end

local function quoted(text)
  return '"' .. string.gsub(string.gsub(text, '[\\"]', "\\%0"), "%c", " ") .. '"'
end

function done(summary, latency, requests)
  local wrong = mine:get("wrong_count")
  local list = wrong > 0 and "[" .. quoted(wrong .. " wrong, such as " .. mine:get("wrong_text")) .. "]" or "[]"
  local e = summary.errors
  io.write(string.format('\n{"done": %d, "seconds": %.6f, "p50": %.6f, "p95": %.6f, "failed": %d, "wrong": %s}\n',
    mine:get("done_count"), summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(95) / 1e6,
    e.connect + e.read + e.write + e.timeout, list))
end
