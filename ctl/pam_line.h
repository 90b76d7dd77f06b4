/* One line of a PAM stack, taken apart as libpam does it. */
#ifndef CTL_PAM_LINE_H
#define CTL_PAM_LINE_H

#include "ctl/pam_stack.h"

/* They lie in the text that was split; NULL where there is none. rest is never NULL. */
struct pam_words {
    char *type, *control, *module, *rest;
    bool bracketed; /* the control was */
};
struct pam_words pam_words_split(char *text);

/* Sets the actions; where libpam cannot read the control, or misses the module, must_fail. */
void pam_line_set_control(struct pam_line *line, const struct pam_words *words);

#endif
