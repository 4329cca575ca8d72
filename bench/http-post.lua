-- wrk's requests of bench/http.mjs: raw images one after the other from the file IMAGES, 784 bytes each, over all connections.
local file = assert(io.open(os.getenv("IMAGES"), "rb"))
local pixels = file:read("*a")
file:close()
local requests, at = {}, 0

function init()
  for i = 0, #pixels / 784 - 1 do
    local headers = { ["Content-Type"] = "application/octet-stream" }
    requests[i] = wrk.format("POST", "/v1/predict", headers, pixels:sub(784 * i + 1, 784 * (i + 1)))
  end
end

function request()
  at = (at + 1) % (#pixels / 784)
  return requests[at]
end

function done(summary, latency)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local result = '{"perSecond":%g,"p50":%g,"p99":%g,"failed":%d}\n'
  io.write(string.format(result, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
