-- wrk's side of bench/predict.sh: logins of many users, one in each request. Arguments: the number
-- of users, and a bearer token or nothing.
local users, token, next_user

function init(arguments)
    users = tonumber(arguments[1])
    token = arguments[2]
    next_user = math.random(users)
    wrk.headers["Content-Type"] = "application/json"
    if token then
        wrk.headers["Authorization"] = "Bearer " .. token
    end
end

function request()
    next_user = (next_user + 1) % users
    local body = string.format('{"user_id":"user%d","timestamp":%d,"ip_address":"8.8.%d.%d",' ..
        '"device_id":"laptop","login_hour":%d,"is_new_device":false,"bytes_in":%d,' ..
        '"bytes_out":%d,"success":true}', next_user, 1795000000 + next_user,
        next_user % 250, next_user % 199 + 1, next_user % 24, next_user * 37, next_user * 91)
    return wrk.format("POST", "/predict", nil, body)
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("%.0f a second, p50 %.2f ms, p99 %.2f ms, %d refused or failed\n",
        summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
        latency:percentile(99) / 1e3,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
