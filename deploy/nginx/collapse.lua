-- One request to the origin for all who ask the same, and all of them go on at once when it is answered.
--
-- proxy_cache_lock lets everybody else look again every 500 ms, which is longer than a part. Here the answer is fetched
-- into the cache by a connection of nginx to itself, while all others who ask sleep on a semaphore; then each is served
-- from the cache, as if it had come later. The first one goes on with it when its viewer hangs up.
-- (ngx.location.capture would be shorter, but refuses requests that came by HTTP/2.)
-- Runs before each request of a location (access_by_lua). State is per worker.

local collapse = package.loaded.weir_collapse
if collapse then
    return collapse()          -- made once for each worker, by the first request
end

local semaphore = require "ngx.semaphore"

local SELF = "unix:/run/nginx-weir-edge.sock"
local MAX_WAIT_S = 16          -- proxy_read_timeout and a second
local REMEMBERED_S = 10        -- for as long, or twice, or less if it may not be kept, a key is known to be in the cache
local MAX_REMEMBERED = 20000

local fetching = {}
local fetched, fetched_before, turned, remembered = {}, {}, ngx.now(), 0

-- Two tables that take turns: forgetting costs nothing for each key.
local function is_cached(key, now)
    if now - turned > REMEMBERED_S or remembered > MAX_REMEMBERED then
        fetched_before = now - turned > 2 * REMEMBERED_S and {} or fetched
        fetched, turned, remembered = {}, now, 0
    end
    local until_s = fetched[key] or fetched_before[key]
    return until_s and now < until_s
end

local function read_response(data)
    local head, body = string.match(data, "^(.-)\r\n\r\n(.*)$")
    local status = head and tonumber(string.match(head, "^HTTP/1%.%d (%d%d%d)"))
    if not status then
        return nil
    end
    local headers = {}
    for name, value in string.gmatch(head, "\r\n([^:\r\n]+): *([^\r\n]*)") do
        headers[string.lower(name)] = value
    end
    return { status = status, headers = headers, body = body }
end

local function request(path, host, coding)
    local self = ngx.socket.tcp()
    self:settimeout(MAX_WAIT_S * 1000)
    local connected, why = self:connect(SELF)
    if not connected then
        return nil, why
    end
    -- HTTP/1.0: the answer ends with the connection, and is never chunked.
    self:send({ "GET ", path, " HTTP/1.0\r\nHost: ", host, "\r\nAccept-Encoding: ", coding, "\r\n\r\n" })
    local data, failed = self:receive("*a")
    self:close()
    if not data then
        return nil, failed
    end
    return read_response(data), "no response"
end

local function fetch_into_cache(fetch, key)
    local path = ngx.var.uri .. "?" .. (ngx.var.args or "")
    local worked, response, why = pcall(request, path, ngx.var.host, ngx.var.weir_accept)
    if not worked or not response then
        ngx.log(ngx.ERR, "cannot fetch ", path, ": ", worked and why or response)
    elseif response.status == 200 then
        local control = response.headers["cache-control"] or ""
        local max_age_s = tonumber(string.match(control, "max%-age=(%d+)")) or 0
        if max_age_s > 0 then
            fetched[key] = ngx.now() + max_age_s
            remembered = remembered + 1
        end
    else
        fetch.refusal = response    -- may not be cacheable: each who waited would ask the origin again
    end
    if fetching[key] == fetch then
        fetching[key] = nil
    end
    if fetch.waiting > 0 then
        fetch.done:post(fetch.waiting)
    end
end

local function answer_with(response, method)
    ngx.status = response.status
    for name, value in pairs(response.headers) do
        if name ~= "connection" and name ~= "server" then
            ngx.header[name] = value
        end
    end
    if method == "GET" then
        ngx.print(response.body)
    end
    return ngx.exit(ngx.HTTP_OK)
end

function collapse()
    local method = ngx.req.get_method()
    local var = ngx.var
    if var.weir_ticket ~= "" or (method ~= "GET" and method ~= "HEAD") then
        return
    end
    local key, now = var.weir_key, ngx.now()
    if is_cached(key, now) or var.remote_addr == "unix:" then
        return
    end
    local fetch = fetching[key]
    if fetch and now - fetch.began < MAX_WAIT_S then
        fetch.waiting = fetch.waiting + 1
        fetch.done:wait(MAX_WAIT_S)
    else
        fetch = { done = semaphore.new(), waiting = 0, began = now }
        fetching[key] = fetch
        fetch_into_cache(fetch, key)
    end
    if fetch.refusal then
        return answer_with(fetch.refusal, method)
    end
end

package.loaded.weir_collapse = collapse
return collapse()
