#include "trainer/grown_trees.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>

/* Behind the last cut lies all that is known, also what is greater than anything seen in training.
 */
static float threshold_of(const struct column_bins *column, unsigned cut)
{
    return cut < column->cut_count ? column->cut[cut] : FLT_MAX;
}

static bool tree_of(const struct histogram_tree *grown, const struct table_bins *bins,
                    struct grown_tree *tree)
{
    struct grown_node *nodes = calloc(grown->count, sizeof *nodes);
    if (nodes == NULL)
        return false;
    for (uint32_t i = 0; i < grown->count; i++) {
        const struct histogram_node *from = &grown->nodes[i];
        nodes[i].value = from->value;
        nodes[i].visits = (float)from->visits;
        if (from->child == 0)
            continue;
        nodes[i].left = from->child;
        nodes[i].right = from->child + 1;
        nodes[i].column = from->column;
        nodes[i].missing_right = from->missing_right;
        nodes[i].threshold =
            bins != NULL ? threshold_of(&bins->column[from->column], from->cut) : (float)from->cut;
    }
    *tree = (struct grown_tree){.nodes = nodes, .count = grown->count};
    return true;
}

bool grown_trees_of(const struct histogram_tree *grown, uint32_t count,
                    const struct table_bins *bins, struct grown_tree **trees, struct error *error)
{
    struct grown_tree *made = calloc((size_t)count + 1, sizeof *made);
    bool done = made != NULL;
    for (uint32_t i = 0; done && i < count; i++)
        done = tree_of(&grown[i], bins, &made[i]);
    if (!done) {
        grown_trees_free(made, count);
        return error_set_errno(error, FAULT_MODEL, ENOMEM, "the trees do not fit into memory");
    }
    *trees = made;
    return true;
}
