# A table of cloud logins in the style of a published one: awk -v users=N -v rows=N -v seed=S.
# Its label follows three rules alone: the login failed, or came from a new device, or moved much
# data out. Whatever a model scores on it, it has only found these.
BEGIN {
    srand(seed)
    print "user_id,timestamp,ip_address,geo_location,device_id,login_hour,is_new_device," \
          "bytes_in,bytes_out,success,is_anomaly"
    split("New York|London|Berlin|Singapore|Sydney", places, "|")
    for (user = 1; user <= users; user++) {
        place[user] = places[1 + int(5 * rand())]
        devices[user] = 0
    }
    time = 1735689600
    for (row = 0; row < rows; row++) {
        time += 1 + int(120 * rand())
        user = 1 + int(users * rand())
        is_new = devices[user] == 0 || rand() < .02
        if (is_new)
            devices[user]++
        device = is_new ? devices[user] : 1 + int(devices[user] * rand())
        bytes_in = int(2000 + 60000 * rand())
        much = rand() < .02
        bytes_out = much ? int(5000001 + 45000000 * rand()) : int(1000 + 900000 * rand())
        failed = rand() < .03
        printf "user%04d,%s,%d.%d.%d.%d,%s,device-%d-%d,%d,%d,%d,%d,%d,%d\n", user,
            strftime("%Y-%m-%d %H:%M:%S", time, 1), 20 + user % 70, int(user / 70) % 250, 7,
            1 + int(250 * rand()), place[user], user, device, int(time / 3600) % 24, is_new,
            bytes_in, bytes_out, !failed, failed || is_new || much
    }
}
