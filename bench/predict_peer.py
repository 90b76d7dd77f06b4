#!/usr/bin/python3
"""A random forest of scikit-learn behind Flask: POST /predict, one login in, a probability out.

Usage: predict_peer.py LOGINS.csv PORT. Learns five columns of the logins, as demonstrations do."""

import csv
import sys
from datetime import datetime

import numpy
from flask import Flask, jsonify, request
from sklearn.ensemble import RandomForestClassifier

COLUMNS = ("login_hour", "is_new_device", "bytes_in", "bytes_out", "success")


def read_rows(path):
    rows, labels, devices = [], [], set()
    with open(path, newline="", encoding="utf-8") as file:
        for login in csv.DictReader(file):
            device = (login["user"], login["device"])
            hour = datetime.fromisoformat(login["time"].replace("Z", "+00:00")).hour
            rows.append((hour, device not in devices, float(login["bytes_in"] or 0),
                         float(login["bytes_out"] or 0), float(login["success"])))
            labels.append(login["label"] == "attack")
            devices.add(device)
    return numpy.array(rows, dtype=float), numpy.array(labels)


def main():
    rows, labels = read_rows(sys.argv[1])
    forest = RandomForestClassifier(n_estimators=100, max_depth=12, n_jobs=1, random_state=1)
    forest.fit(rows, labels)
    app = Flask(__name__)

    @app.post("/predict")
    def predict():
        login = request.get_json()
        row = numpy.array([[float(login.get(name, 0)) for name in COLUMNS]])
        anomaly = float(forest.predict_proba(row)[0, 1])
        return jsonify(anomaly=int(anomaly >= 0.5), probability_anomaly=anomaly,
                       probability_normal=1 - anomaly)

    app.run(host="127.0.0.1", port=int(sys.argv[2]), threaded=True)


if __name__ == "__main__":
    main()
