{{/* Chart and release in one name; a release that is called like the chart is not said twice. */}}
{{- define "valetkey.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "valetkey.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "valetkey.labels" -}}
{{ include "valetkey.selector" . }}
app.kubernetes.io/component: webhook
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The Secret with tls.crt and tls.key. */}}
{{- define "valetkey.certificateSecret" -}}
{{- if eq .Values.certificate.source "secret" -}}
{{- .Values.certificate.secretName -}}
{{- else -}}
{{- include "valetkey.name" . }}-certificate
{{- end -}}
{{- end -}}
