/* What became of a login that is replayed. */
#ifndef TRAINER_REPLAYED_KIND_H
#define TRAINER_REPLAYED_KIND_H

/* REPLAYED(symbol, name, words) */
#define REPLAYED_KINDS                                                                             \
    REPLAYED(LOGIN, "logins", "logins")                                                            \
    REPLAYED(LEGITIMATE, "legitimate", "of them labelled legitimate")                              \
    REPLAYED(FAILURE, "failures", "attempts that failed anyway")                                   \
    REPLAYED(ATTACK, "attacks", "labelled attacks")

enum replayed_kind {
#define REPLAYED(symbol, name, words) REPLAYED_##symbol,
    REPLAYED_KINDS
#undef REPLAYED
        REPLAYED_KIND_COUNT
};

const char *replayed_kind_name(enum replayed_kind kind);

#endif
