{{- define "receiver.labels" -}}
app.kubernetes.io/name: vectadb-receiver
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}
