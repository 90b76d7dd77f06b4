# Rscript agreement_ranger.R DIRECTORY ROUNDS TREES DEPTH MTRY: a ranger forest on each train.N.csv of
# the directory, the label last; its scores of test.N.csv into ranger.N.csv.
suppressPackageStartupMessages(library(ranger))
given <- commandArgs(trailingOnly = TRUE)
number <- as.integer(given[-1])
names(number) <- c("rounds", "trees", "depth", "mtry")
for (round in seq_len(number["rounds"]) - 1) {
    at <- function(name) file.path(given[1], sprintf("%s.%d.csv", name, round))
    train <- read.csv(at("train"))
    test <- read.csv(at("test"))
    columns <- setdiff(names(train), "label")
    forest <- ranger(x = train[columns], y = factor(train$label), probability = TRUE,
                     num.trees = number["trees"], max.depth = number["depth"],
                     mtry = number["mtry"], min.node.size = 1, seed = round + 1)
    scores <- predict(forest, test[columns])$predictions[, "1"]
    write.table(scores, at("ranger"), row.names = FALSE, col.names = "score")
}
