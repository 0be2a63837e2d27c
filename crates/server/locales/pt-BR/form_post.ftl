# A página cujo formulário leva a resposta ao aplicativo.

form-post-heading = Quase lá
form-post-lead-host = Sua resposta vai para { $host }.
form-post-lead-device = Sua resposta vai para o aplicativo no seu dispositivo.
form-post-lead-app = Sua resposta vai para o aplicativo “{ $scheme }” no seu dispositivo.
form-post-submit = Continuar
