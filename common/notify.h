/* The service manager's notification protocol (sd_notify(3)), without its library. */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

/* Sends "READY=1", "STOPPING=1", … to $NOTIFY_SOCKET. Nothing happens when there is no manager. */
void notify_manager(const char *state);

#endif
